"""Accounts and sets that a domain wants to be there at every start, whoever comes first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cala_ledger
from cala_ledger.errors import AccountIdExists

TRIES: Final = 3


async def ensure_accounts(
    ledger: cala_ledger.Ledger, wanted: Sequence[cala_ledger.NewAccount | cala_ledger.NewSet]
) -> None:
    """Idempotent; safe in two processes at once."""
    for attempt in range(1, TRIES + 1):
        known = await ledger.accounts.find_many([account.id for account in wanted])
        missing = [account for account in wanted if account.id not in known]
        try:
            if missing:
                await ledger.accounts.create_many(missing)
        except AccountIdExists:
            if attempt == TRIES:
                raise
        else:
            return
