"""Deposit accounts, deposits and withdrawals."""

from lana.core.deposit.account.entity import DepositAccount
from lana.core.deposit.account.errors import (
    DepositAccountAlreadyExists,
    DepositAccountClosed,
    DepositAccountClosePreconditionFailed,
    DepositAccountFrozen,
    DepositAccountNotFound,
)
from lana.core.deposit.accounts import DepositAccounts
from lana.core.deposit.activity import DepositActivity
from lana.core.deposit.chart import OMNIBUS_ACCOUNT_ID
from lana.core.deposit.closing import NoOpenDeposits
from lana.core.deposit.config import SETTINGS
from lana.core.deposit.deposit.entity import Deposit
from lana.core.deposit.deposits import Deposits
from lana.core.deposit.history import Histories, HistoryEntry, HistoryKind
from lana.core.deposit.ledger import DepositLedger
from lana.core.deposit.own import OwnDeposits
from lana.core.deposit.primitives import (
    AccountIds,
    AccountStatus,
    Activity,
    Balance,
    DepositStatus,
    WithdrawalStatus,
)
from lana.core.deposit.public import (
    DepositAccountCreated,
    DepositInitialized,
    DepositReverted,
    WithdrawalApprovalConcluded,
    WithdrawalConfirmed,
)
from lana.core.deposit.start import ensure_ledger
from lana.core.deposit.withdrawal.entity import Withdrawal
from lana.core.deposit.withdrawals import Withdrawals

__all__ = [
    "OMNIBUS_ACCOUNT_ID",
    "SETTINGS",
    "AccountIds",
    "AccountStatus",
    "Activity",
    "Balance",
    "Deposit",
    "DepositAccount",
    "DepositAccountAlreadyExists",
    "DepositAccountClosePreconditionFailed",
    "DepositAccountClosed",
    "DepositAccountCreated",
    "DepositAccountFrozen",
    "DepositAccountNotFound",
    "DepositAccounts",
    "DepositActivity",
    "DepositInitialized",
    "DepositLedger",
    "DepositReverted",
    "DepositStatus",
    "Deposits",
    "Histories",
    "HistoryEntry",
    "HistoryKind",
    "NoOpenDeposits",
    "OwnDeposits",
    "Withdrawal",
    "WithdrawalApprovalConcluded",
    "WithdrawalConfirmed",
    "WithdrawalStatus",
    "Withdrawals",
    "ensure_ledger",
]
