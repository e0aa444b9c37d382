"""The books: the bank's journal, and reading what the ledger knows."""

from lana.core.accounting.primitives import JOURNAL_CODE, JOURNAL_DESCRIPTION, JOURNAL_ID, JOURNAL_NAME

__all__ = ["JOURNAL_CODE", "JOURNAL_DESCRIPTION", "JOURNAL_ID", "JOURNAL_NAME"]
