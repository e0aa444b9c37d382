"""At every start: what the deposit domain needs in the ledger is there, whoever comes first."""

from __future__ import annotations

import cala_ledger
from cala_ledger.errors import JournalExists
from lana.core.accounting import (
    JOURNAL_CODE,
    JOURNAL_DESCRIPTION,
    JOURNAL_ID,
    JOURNAL_NAME,
    ensure_accounts,
)
from lana.core.deposit.chart import OVERDRAFT_LIMIT, account_sets, omnibus_account
from lana.core.deposit.templates import DEFINITIONS


async def ensure_ledger(ledger: cala_ledger.Ledger) -> None:
    """Journal, templates, limit, account sets and the omnibus account. Idempotent; safe in two processes at
    once.
    """
    await _ensure_journal(ledger)
    await ledger.templates.ensure(*DEFINITIONS)
    await ledger.limits.ensure(OVERDRAFT_LIMIT)
    await ensure_accounts(ledger, [*account_sets(), omnibus_account()])


async def _ensure_journal(ledger: cala_ledger.Ledger) -> None:
    if await ledger.journals.maybe_find_by_code(JOURNAL_CODE):
        return
    try:
        await ledger.journals.create(JOURNAL_ID, JOURNAL_CODE, JOURNAL_NAME, description=JOURNAL_DESCRIPTION)
    except JournalExists:
        await ledger.journals.find(JOURNAL_ID)
