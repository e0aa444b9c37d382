"""The bank's one journal, and what may be done with its books."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from lana.lib.authz import Resource

JOURNAL_ID: Final = UUID("00000000-0000-0000-0000-0000000000a1")
JOURNAL_CODE: Final = "LANA_BANK_JOURNAL"
JOURNAL_NAME: Final = "General Ledger"
JOURNAL_DESCRIPTION: Final = "General ledger for Lana"

LEDGER_ACCOUNT: Final = Resource("accounting", "ledger-account")
LEDGER_ACCOUNT_READ: Final = LEDGER_ACCOUNT.action("read")
LEDGER_ACCOUNT_LIST: Final = LEDGER_ACCOUNT.action("list")
LEDGER_ACCOUNT_READ_HISTORY: Final = LEDGER_ACCOUNT.action("read-history")

LEDGER_TRANSACTION: Final = Resource("accounting", "ledger-transaction")
LEDGER_TRANSACTION_READ: Final = LEDGER_TRANSACTION.action("read")
LEDGER_TRANSACTION_LIST: Final = LEDGER_TRANSACTION.action("list")

TRANSACTION_TEMPLATE: Final = Resource("accounting", "transaction-template")
TRANSACTION_TEMPLATE_LIST: Final = TRANSACTION_TEMPLATE.action("list")

JOURNAL: Final = Resource("accounting", "journal")
JOURNAL_READ_ENTRIES: Final = JOURNAL.action("read-entries")
