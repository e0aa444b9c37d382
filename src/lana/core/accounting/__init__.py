"""The books: the bank's journal, and reading what the ledger knows."""

from lana.core.accounting.ensure import ensure_accounts
from lana.core.accounting.errors import TemplateNotFound, UnexpectedCurrency
from lana.core.accounting.primitives import JOURNAL_CODE, JOURNAL_DESCRIPTION, JOURNAL_ID, JOURNAL_NAME
from lana.core.accounting.reader import LedgerReader
from lana.core.accounting.references import EntityRef, code_of, entity_of, initiator_of, template_id

__all__ = [
    "JOURNAL_CODE",
    "JOURNAL_DESCRIPTION",
    "JOURNAL_ID",
    "JOURNAL_NAME",
    "EntityRef",
    "LedgerReader",
    "TemplateNotFound",
    "UnexpectedCurrency",
    "code_of",
    "ensure_accounts",
    "entity_of",
    "initiator_of",
    "template_id",
]
