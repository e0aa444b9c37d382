"""Settings of domains that are not built yet, so that they can be set and stay set;
each moves to its owner.
"""

from __future__ import annotations

import re
from typing import Final

from lana.core.domain_config.primitives import ConfigType
from lana.core.domain_config.setting import AnySetting, Setting

_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def sender_address(value: str) -> str | None:
    if not value.strip():
        return "from_email is required"
    return None if _EMAIL.fullmatch(value) else f"from_email is invalid: {value[:80]}"


def sender_name(value: str) -> str | None:
    return None if value.strip() else "from_name is required"


NOTIFICATION: Final[tuple[AnySetting, ...]] = (
    Setting[str]("notification-email-from-email", ConfigType.STRING, check=sender_address),
    Setting[str]("notification-email-from-name", ConfigType.STRING, check=sender_name),
)

KYC: Final[tuple[AnySetting, ...]] = (
    Setting[str]("sumsub-api-key", ConfigType.STRING, encrypted=True),
    Setting[str]("sumsub-api-secret", ConfigType.STRING, encrypted=True),
    Setting[str]("sumsub-kyc-flow-name", ConfigType.STRING, "basic-kyc-level"),
    Setting[str]("sumsub-kyb-flow-name", ConfigType.STRING, "kyb-basic"),
)

CHARTS: Final[tuple[AnySetting, ...]] = (
    Setting[object]("deposit-chart-of-accounts-integration", ConfigType.COMPLEX, exposed=False),
    Setting[object]("credit-chart-of-accounts-integration", ConfigType.COMPLEX, exposed=False),
)

LATER: Final[tuple[AnySetting, ...]] = (
    *NOTIFICATION, *KYC, *CHARTS,
)  # fmt: skip
