"""Every run-time setting of the bank, from the domains that own them."""

from __future__ import annotations

from typing import Final

from lana.core import credit, customer, deposit, domain_config, governance, price, time

SETTINGS: Final[tuple[domain_config.AnySetting, ...]] = (
    governance.ALLOW_AUTO_APPROVAL,
    customer.ALLOW_MANUAL_CONVERSION,
    *time.SETTINGS,
    *deposit.SETTINGS,
    *credit.SETTINGS,
    *price.SETTINGS,
    *domain_config.LATER,
)
