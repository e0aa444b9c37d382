"""Words of the deposit domain. Values of the enumerations are what events store."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

import msgspec

from lana.lib.authz import Resource
from lana.lib.money import UsdCents


class AccountStatus(StrEnum):
    ACTIVE = "active"
    FROZEN = "frozen"
    CLOSED = "closed"


class Activity(StrEnum):
    ACTIVE = "active"
    INACTIVE = "inactive"
    ESCHEATABLE = "escheatable"


class AccountFreezeReason(StrEnum):
    """Why an account is frozen: of its own, or with its holder, whose release leaves the other freeze in
    place.
    """

    ACCOUNT = "account"
    HOLDER = "holder"


class DepositStatus(StrEnum):
    CONFIRMED = "Confirmed"
    REVERTED = "Reverted"


class WithdrawalStatus(StrEnum):
    PENDING_APPROVAL = "PendingApproval"
    PENDING_CONFIRMATION = "PendingConfirmation"
    CONFIRMED = "Confirmed"
    CANCELLED = "Cancelled"
    DENIED = "Denied"
    REVERTED = "Reverted"


class AccountIds(msgspec.Struct, frozen=True, kw_only=True):
    """The two ledger accounts of a deposit account; the first has the account's own id."""

    deposit_account_id: UUID
    frozen_deposit_account_id: UUID


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """US cents: at the holder's disposal, reserved for withdrawals under way, and set aside by a freeze."""

    settled: UsdCents
    pending: UsdCents
    frozen: UsdCents

    @property
    def is_zero(self) -> bool:
        """Frozen money is not counted."""
        return self.settled == 0 and self.pending == 0


class DepositObject:
    ACCOUNT = Resource("deposit", "deposit-account")
    DEPOSIT = Resource("deposit", "deposit")
    WITHDRAWAL = Resource("deposit", "withdrawal")
    CONFIG = Resource("deposit", "chart-of-accounts-integration-config")


class AccountAction:
    READ = DepositObject.ACCOUNT.action("read")
    LIST = DepositObject.ACCOUNT.action("list")
    READ_BALANCE = DepositObject.ACCOUNT.action("read-balance")
    READ_TX_HISTORY = DepositObject.ACCOUNT.action("read-tx-history")
    CREATE = DepositObject.ACCOUNT.action("create")
    UPDATE_STATUS = DepositObject.ACCOUNT.action("update-status")
    CLOSE = DepositObject.ACCOUNT.action("close")
    FREEZE = DepositObject.ACCOUNT.action("freeze")
    UNFREEZE = DepositObject.ACCOUNT.action("unfreeze")


class DepositAction:
    READ = DepositObject.DEPOSIT.action("read")
    LIST = DepositObject.DEPOSIT.action("list")
    CREATE = DepositObject.DEPOSIT.action("create")
    REVERT = DepositObject.DEPOSIT.action("revert")


class WithdrawalAction:
    READ = DepositObject.WITHDRAWAL.action("read")
    LIST = DepositObject.WITHDRAWAL.action("list")
    INITIATE = DepositObject.WITHDRAWAL.action("initiate")
    CONFIRM = DepositObject.WITHDRAWAL.action("confirm")
    CANCEL = DepositObject.WITHDRAWAL.action("cancel")
    REVERT = DepositObject.WITHDRAWAL.action("revert")
    CONCLUDE_APPROVAL_PROCESS = DepositObject.WITHDRAWAL.action("conclude-approval-process")


class ConfigAction:
    READ = DepositObject.CONFIG.action("read")
