"""At every start: what the deposit domain needs in the ledger is there, whoever comes first."""

from __future__ import annotations

from typing import Final

import cala_ledger
from cala_ledger.errors import AccountIdExists, JournalExists
from lana.core.accounting import JOURNAL_CODE, JOURNAL_DESCRIPTION, JOURNAL_ID, JOURNAL_NAME
from lana.core.deposit.chart import OVERDRAFT_LIMIT, account_sets, omnibus_account
from lana.core.deposit.templates import DEFINITIONS

TRIES: Final = 3


async def ensure_ledger(ledger: cala_ledger.Ledger) -> None:
    """Journal, templates, limit, account sets and the omnibus account. Idempotent; safe in two processes at
    once.
    """
    await _ensure_journal(ledger)
    await ledger.templates.ensure(*DEFINITIONS)
    await ledger.limits.ensure(OVERDRAFT_LIMIT)
    wanted: list[cala_ledger.NewAccount | cala_ledger.NewSet] = [*account_sets(), omnibus_account()]
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


async def _ensure_journal(ledger: cala_ledger.Ledger) -> None:
    if await ledger.journals.maybe_find_by_code(JOURNAL_CODE):
        return
    try:
        await ledger.journals.create(JOURNAL_ID, JOURNAL_CODE, JOURNAL_NAME, description=JOURNAL_DESCRIPTION)
    except JournalExists:
        await ledger.journals.find(JOURNAL_ID)
