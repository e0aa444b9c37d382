"""The collateral of one facility: how many satoshis, who says so, what was sent to be sold, its release."""

from __future__ import annotations

from typing import ClassVar, Self
from uuid import UUID

import msgspec

from lana.core.credit.collateral.errors import (
    AmountExceedsCollateral,
    CollateralReleased,
    ManualUpdateError,
    NoActiveLiquidation,
)
from lana.core.credit.primitives import CollateralAccountIds, CollateralDirection, ReleaseState
from lana.lib.es.entity import ALREADY, Entity, Event, Outcome
from lana.lib.money import Satoshis, UsdCents


class LiquidationAccountIds(msgspec.Struct, frozen=True, kw_only=True):
    """The facility's accounts through which proceeds pass."""

    proceeds_from_liquidation_account_id: UUID
    payment_holding_account_id: UUID
    uncovered_outstanding_account_id: UUID


class Initialized(Event, frozen=True, tag="initialized"):
    id: UUID
    secured_loan_id: UUID
    account_ids: CollateralAccountIds
    facility_ledger_account_ids_for_liquidation: LiquidationAccountIds
    custody_wallet_id: UUID | None = None


class UpdatedViaManualInput(Event, frozen=True, tag="updated_via_manual_input"):
    ledger_tx_id: UUID
    collateral_amount: Satoshis
    abs_diff: Satoshis
    direction: CollateralDirection


class UpdatedViaCustodianSync(Event, frozen=True, tag="updated_via_custodian_sync"):
    """`in_transit`: sent to liquidation, and still in the wallet. `left_unrecorded`: left it during a
    liquidation, and not recorded as sent.
    """

    ledger_tx_id: UUID
    collateral_amount: Satoshis
    abs_diff: Satoshis
    direction: CollateralDirection
    in_transit: Satoshis = Satoshis(0)
    left_unrecorded: Satoshis = Satoshis(0)


class WalletObserved(Event, frozen=True, tag="wallet_observed"):
    """The wallet moved, and the total did not: coins recorded as sent have left."""

    in_transit: Satoshis


class RemovalReversed(Event, frozen=True, tag="removal_reversed"):
    """What was booked as removed when it left the wallet was sent to liquidation; its sending follows."""

    ledger_tx_id: UUID
    liquidation_id: UUID
    collateral_amount: Satoshis
    abs_diff: Satoshis
    direction: CollateralDirection


class UpdatedViaLiquidation(Event, frozen=True, tag="updated_via_liquidation"):
    """`already_left` satoshis of it had left the wallet before."""

    ledger_tx_id: UUID
    liquidation_id: UUID
    collateral_amount: Satoshis
    abs_diff: Satoshis
    direction: CollateralDirection
    already_left: Satoshis = Satoshis(0)


class LiquidationStarted(Event, frozen=True, tag="liquidation_started"):
    liquidation_id: UUID


class LiquidationProceedsReceived(Event, frozen=True, tag="liquidation_proceeds_received"):
    ledger_tx_id: UUID
    payment_id: UUID
    liquidation_id: UUID
    amount: UsdCents


class LiquidationCompleted(Event, frozen=True, tag="liquidation_completed"):
    liquidation_id: UUID


class LiquidationCancelled(Event, frozen=True, tag="liquidation_cancelled"):
    liquidation_id: UUID


class ReleaseRequested(Event, frozen=True, tag="release_requested"):
    pass


class Released(Event, frozen=True, tag="released"):
    pass


CollateralEvent = (
    Initialized
    | UpdatedViaManualInput
    | UpdatedViaCustodianSync
    | WalletObserved
    | RemovalReversed
    | UpdatedViaLiquidation
    | LiquidationStarted
    | LiquidationProceedsReceived
    | LiquidationCompleted
    | LiquidationCancelled
    | ReleaseRequested
    | Released
)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A difference to be posted."""

    amount: Satoshis
    direction: CollateralDirection


class Collateral(Entity[CollateralEvent]):
    """At most one liquidation at a time. `amount` equals the net of its ledger account; with a wallet,
    `amount` and `in_transit` together are what it showed last.
    """

    kind: ClassVar[str] = "collateral"
    event_types: ClassVar[object] = CollateralEvent

    secured_loan_id: UUID
    account_ids: CollateralAccountIds
    liquidation_account_ids: LiquidationAccountIds
    custody_wallet_id: UUID | None
    amount: Satoshis = Satoshis(0)
    in_transit: Satoshis = Satoshis(0)
    left_unrecorded: Satoshis = Satoshis(0)
    liquidation_id: UUID | None = None
    release_state: ReleaseState = ReleaseState.NONE

    @classmethod
    def begin(cls, event: CollateralEvent) -> Self:
        assert isinstance(event, Initialized)
        return cls(
            id=event.id,
            secured_loan_id=event.secured_loan_id,
            account_ids=event.account_ids,
            liquidation_account_ids=event.facility_ledger_account_ids_for_liquidation,
            custody_wallet_id=event.custody_wallet_id,
        )

    def apply(self, event: CollateralEvent) -> None:
        match event:
            case UpdatedViaManualInput(collateral_amount=amount):
                self.amount = amount
            case RemovalReversed(collateral_amount=amount, abs_diff=back):
                self.amount = amount
                self.left_unrecorded = Satoshis(self.left_unrecorded - back)
            case UpdatedViaLiquidation(collateral_amount=amount, abs_diff=sent, already_left=gone):
                self.amount = amount
                if self.custody_wallet_id:
                    self.in_transit = Satoshis(self.in_transit + sent - gone)
            case UpdatedViaCustodianSync(
                collateral_amount=amount, in_transit=in_transit, left_unrecorded=left
            ):
                self.amount = amount
                self.in_transit = in_transit
                self.left_unrecorded = left
            case WalletObserved(in_transit=in_transit):
                self.in_transit = in_transit
            case LiquidationStarted(liquidation_id=liquidation_id):
                self.liquidation_id = liquidation_id
            case LiquidationProceedsReceived():
                pass
            case LiquidationCompleted() | LiquidationCancelled():
                self.liquidation_id = None
                # of one completed it may belong to the next, which can begin in the same Op
                goes_on = isinstance(event, LiquidationCompleted)
                self.left_unrecorded = self.left_unrecorded if goes_on else Satoshis(0)
            case ReleaseRequested():
                self.release_state = ReleaseState.RELEASE_REQUESTED
            case Released():
                self.release_state = ReleaseState.RELEASED
            case Initialized():
                raise ValueError("a collateral begins once")

    @property
    def has_wallet(self) -> bool:
        return self.custody_wallet_id is not None

    def difference(self, total: Satoshis) -> Change | None:
        """From what is recorded to a new total; None when equal."""
        if total == self.amount:
            return None
        direction = CollateralDirection.ADD if total > self.amount else CollateralDirection.REMOVE
        return Change(amount=Satoshis(abs(total - self.amount)), direction=direction)

    def require_manual(self) -> None:
        """ManualUpdateError where a wallet says what is there."""
        if self.has_wallet:
            raise ManualUpdateError("Cannot update collateral with a custodian")

    def update_manually(self, change: Change, ledger_tx_id: UUID) -> Outcome:
        self.require_manual()
        return self.emit(
            UpdatedViaManualInput(
                ledger_tx_id=ledger_tx_id,
                collateral_amount=self._after(change),
                abs_diff=change.amount,
                direction=change.direction,
            )
        )

    def sync_with_wallet(self, balance: Satoshis, ledger_tx_id: UUID) -> Change | None:
        """Follow the wallet; the change to be posted, None where the total stays.

        What was recorded as sent and is still in the wallet is not counted. A balance lower than both
        together says that sent coins have left, and these are used up first; what else leaves during a
        liquidation is removed, and may yet be recorded as sent.
        """
        known = self.amount + self.in_transit
        left = min(self.in_transit, max(0, known - balance))
        in_transit = Satoshis(self.in_transit - left)
        change = self.difference(Satoshis(balance - in_transit))
        if change is None:
            if in_transit != self.in_transit:
                self.emit(WalletObserved(in_transit=in_transit))
            return None
        self.emit(
            UpdatedViaCustodianSync(
                ledger_tx_id=ledger_tx_id,
                collateral_amount=self._after(change),
                abs_diff=change.amount,
                direction=change.direction,
                in_transit=in_transit,
                left_unrecorded=self._left_unrecorded_after(change),
            )
        )
        return change

    def _left_unrecorded_after(self, change: Change) -> Satoshis:
        """A rise by exactly what left says that it came back; any other is more collateral."""
        left = self.left_unrecorded
        if change.direction is CollateralDirection.ADD:
            return Satoshis(0) if change.amount == left else left
        return Satoshis(left + change.amount) if self.liquidation_id else left

    def _after(self, change: Change) -> Satoshis:
        sign = 1 if change.direction is CollateralDirection.ADD else -1
        return Satoshis(self.amount + sign * change.amount)

    # --- liquidation ----------------------------------------------------------------------------------------

    def start_liquidation(self, liquidation_id: UUID) -> Outcome:
        """Ignored while another is active."""
        if self.liquidation_id is not None:
            return ALREADY
        return self.emit(LiquidationStarted(liquidation_id=liquidation_id))

    def require_liquidation(self) -> UUID:
        if self.liquidation_id is None:
            raise NoActiveLiquidation(self.id)
        return self.liquidation_id

    def already_left(self, amount: Satoshis) -> Satoshis:
        """How much of an amount to be sent has left the wallet before it is recorded."""
        return min(amount, self.left_unrecorded)

    def send_to_liquidation(self, amount: Satoshis, ledger_tx_id: UUID, reversal_tx_id: UUID) -> Outcome:
        """NoActiveLiquidation, CollateralReleased, AmountExceedsCollateral. 0 changes nothing.

        What has `already_left` was booked as removed then: under `reversal_tx_id` it is added back first, and
        it is not waited for any more.
        """
        liquidation_id = self.require_liquidation()
        if self.release_state is not ReleaseState.NONE:
            raise CollateralReleased(self.id)
        if amount == 0:
            return ALREADY
        gone = self.already_left(amount)
        total = Satoshis(self.amount + gone)
        if amount > total:
            raise AmountExceedsCollateral(f"{amount} of {total} satoshis", field="amount")
        if gone:
            self.emit(
                RemovalReversed(
                    ledger_tx_id=reversal_tx_id,
                    liquidation_id=liquidation_id,
                    collateral_amount=total,
                    abs_diff=gone,
                    direction=CollateralDirection.ADD,
                )
            )
        return self.emit(
            UpdatedViaLiquidation(
                ledger_tx_id=ledger_tx_id,
                liquidation_id=liquidation_id,
                collateral_amount=Satoshis(total - amount),
                abs_diff=amount,
                direction=CollateralDirection.REMOVE,
                already_left=gone,
            )
        )

    def receive_proceeds(
        self, amount: UsdCents, *, ledger_tx_id: UUID, payment_id: UUID, completes: bool
    ) -> Outcome:
        liquidation_id = self.require_liquidation()
        outcome = self.emit(
            LiquidationProceedsReceived(
                ledger_tx_id=ledger_tx_id,
                payment_id=payment_id,
                liquidation_id=liquidation_id,
                amount=amount,
            )
        )
        if completes:
            self.complete_liquidation()
        return outcome

    def complete_liquidation(self) -> Outcome:
        return self.emit(LiquidationCompleted(liquidation_id=self.require_liquidation()))

    def cancel_liquidation(self) -> Outcome:
        return self.emit(LiquidationCancelled(liquidation_id=self.require_liquidation()))

    # --- release --------------------------------------------------------------------------------------------

    def request_release(self) -> Outcome:
        if self.release_state is not ReleaseState.NONE:
            return ALREADY
        return self.emit(ReleaseRequested())

    @property
    def may_be_released(self) -> bool:
        """Asked for, and nothing is left."""
        return self.release_state is ReleaseState.RELEASE_REQUESTED and self.amount == 0

    def release(self) -> Outcome:
        if self.release_state is ReleaseState.RELEASED:
            return ALREADY
        return self.emit(Released())
