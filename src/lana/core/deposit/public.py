"""What other domains hear of deposit accounts, deposits and withdrawals."""

from __future__ import annotations

from uuid import UUID

from lana.core.deposit.primitives import WithdrawalStatus
from lana.lib.money import UsdCents
from lana.lib.outbox import PublicEvent


class DepositAccountCreated(PublicEvent, frozen=True):
    module = "Deposit"
    id: UUID
    account_holder_id: UUID


class DepositInitialized(PublicEvent, frozen=True):
    module = "Deposit"
    id: UUID
    deposit_account_id: UUID
    amount: UsdCents


class DepositReverted(PublicEvent, frozen=True):
    module = "Deposit"
    id: UUID
    deposit_account_id: UUID
    amount: UsdCents


class WithdrawalApprovalConcluded(PublicEvent, frozen=True):
    """Approved (`PendingConfirmation`) or denied."""

    module = "Deposit"
    id: UUID
    deposit_account_id: UUID
    amount: UsdCents
    status: WithdrawalStatus


class WithdrawalConfirmed(PublicEvent, frozen=True):
    module = "Deposit"
    id: UUID
    deposit_account_id: UUID
    amount: UsdCents
    status: WithdrawalStatus
