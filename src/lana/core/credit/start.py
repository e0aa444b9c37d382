"""At every start: what the credit domain needs in the ledger is there, whoever comes first."""

from __future__ import annotations

import cala_ledger
from lana.core.accounting import ensure_accounts
from lana.core.credit.chart import LIMITS, account_sets, omnibus_accounts
from lana.core.credit.templates import DEFINITIONS


async def ensure_ledger(ledger: cala_ledger.Ledger) -> None:
    """Templates, limits, account sets and omnibus accounts. Idempotent; safe in two processes at once."""
    await ledger.templates.ensure(*DEFINITIONS)
    for limit in LIMITS:
        await ledger.limits.ensure(limit)
    await ensure_accounts(ledger, [*account_sets(), *omnibus_accounts()])
