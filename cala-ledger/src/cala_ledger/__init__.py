"""A double-entry ledger on PostgreSQL: set-based posting, account sets, balances by date, velocity limits."""

from cala_ledger import errors
from cala_ledger.balances import zero
from cala_ledger.errors import JsonValue, LedgerError, VelocityLimitExceeded, refusal
from cala_ledger.events import publish_statement
from cala_ledger.ledger import Ledger, is_retryable
from cala_ledger.migrate import migrate, pending
from cala_ledger.model import (
    Account,
    Balance,
    BalanceRange,
    ByCurrency,
    Direction,
    DryRun,
    Entry,
    EntryFilter,
    EntryPage,
    EntrySpec,
    Journal,
    Layer,
    Limit,
    LimitUsage,
    NewAccount,
    NewSet,
    Page,
    Param,
    ParamType,
    ParamValue,
    PreparedEntry,
    PreparedTransaction,
    Status,
    StatusChange,
    Sums,
    Template,
    Transaction,
    TransactionFilter,
    TransactionInput,
    TransactionPage,
    TransactionSpec,
    WindowKey,
)
from cala_ledger.money import CURRENCIES, exponent
from cala_ledger.poster import Poster
from cala_ledger.reversals import reversal_of
from cala_ledger.sealing import export, seal
from cala_ledger.statements import open_accounts_statement, post_statement, set_status_statement
from cala_ledger.steady import SteadyConnection
from cala_ledger.templates import Templates
from cala_ledger.verify import Violation, verify

__all__ = [
    "CURRENCIES",
    "Account",
    "Balance",
    "BalanceRange",
    "ByCurrency",
    "Direction",
    "DryRun",
    "Entry",
    "EntryFilter",
    "EntryPage",
    "EntrySpec",
    "Journal",
    "JsonValue",
    "Layer",
    "Ledger",
    "LedgerError",
    "Limit",
    "LimitUsage",
    "NewAccount",
    "NewSet",
    "Page",
    "Param",
    "ParamType",
    "ParamValue",
    "Poster",
    "PreparedEntry",
    "PreparedTransaction",
    "Status",
    "StatusChange",
    "SteadyConnection",
    "Sums",
    "Template",
    "Templates",
    "Transaction",
    "TransactionFilter",
    "TransactionInput",
    "TransactionPage",
    "TransactionSpec",
    "VelocityLimitExceeded",
    "Violation",
    "WindowKey",
    "errors",
    "exponent",
    "export",
    "is_retryable",
    "migrate",
    "open_accounts_statement",
    "pending",
    "post_statement",
    "publish_statement",
    "refusal",
    "reversal_of",
    "seal",
    "set_status_statement",
    "verify",
    "zero",
]
