"""An active facility: what secures it, what it owes, its state of collateralization, its cycles of interest.

Every Op that changes its collateral or debt writes it (`move`), so two of them never decide on one state.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Self
from uuid import UUID

import msgspec

from lana.core.credit.cvl import CollateralizationState as State
from lana.core.credit.cvl import Reach, Thresholds, next_state, price_of, reach
from lana.core.credit.facility import events as e
from lana.core.credit.facility.errors import (
    DisbursalOnInactiveFacility,
    DisbursalPastMaturityDate,
    OnlyOneDisbursalAllowed,
    OutstandingAmount,
    PaymentOnClosedFacility,
)
from lana.core.credit.facility.events import FacilityEvent
from lana.core.credit.position import Position, ratio, sort_key
from lana.core.credit.primitives import FacilityAccountIds, FacilityStatus
from lana.core.credit.thresholds import thresholds_of
from lana.core.customer import CustomerType
from lana.core.terms import Days, TermValues
from lana.lib.es.entity import ALREADY, Entity, Outcome
from lana.lib.money import Satoshis, UsdCents


class OpenCycle(msgspec.Struct, frozen=True, kw_only=True):
    """The cycle of interest under way."""

    id: UUID
    idx: int
    period: Days


class LiquidationTrigger(msgspec.Struct, frozen=True, kw_only=True):
    """A liquidation whose proceeds are not applied yet."""

    liquidation_id: UUID
    trigger_price: UsdCents
    initially_expected_to_receive: UsdCents
    initially_estimated_to_liquidate: Satoshis


class Facility(Entity[FacilityEvent]):
    """Closed only by completion, and then for good."""

    kind: ClassVar[str] = "credit_facility"
    event_types: ClassVar[object] = FacilityEvent

    customer_id: UUID
    customer_type: CustomerType
    collateral_id: UUID
    ledger_tx_id: UUID
    structuring_fee_tx_id: UUID | None
    terms: TermValues
    amount: UsdCents
    account_ids: FacilityAccountIds
    disbursal_credit_account_id: UUID
    public_id: str
    activated_at: datetime
    activated_on: date
    maturity_date: date
    matures_at: datetime
    collateralization_state: State
    price_at_state_change: UsdCents
    position: Position
    status: FacilityStatus = FacilityStatus.ACTIVE
    cycle: OpenCycle | None = None
    liquidation: LiquidationTrigger | None = None
    is_completing: bool = False

    @classmethod
    def begin(cls, event: FacilityEvent) -> Self:
        assert isinstance(event, e.Initialized)
        return cls(
            id=event.id,
            customer_id=event.customer_id,
            customer_type=event.customer_type,
            collateral_id=event.collateral_id,
            ledger_tx_id=event.ledger_tx_id,
            structuring_fee_tx_id=event.structuring_fee_tx_id,
            terms=event.terms,
            amount=event.amount,
            account_ids=event.account_ids,
            disbursal_credit_account_id=event.disbursal_credit_account_id,
            public_id=event.public_id,
            activated_at=event.activated_at,
            activated_on=event.activated_on,
            maturity_date=event.maturity_date,
            matures_at=event.matures_at,
            collateralization_state=event.collateralization_state,
            price_at_state_change=event.price,
            position=Position(collateral=event.collateral),
        )

    def apply(self, event: FacilityEvent) -> None:
        match event:
            case e.InterestAccrualCycleStarted():
                self.cycle = OpenCycle(
                    id=event.interest_accrual_id,
                    idx=event.interest_accrual_cycle_idx,
                    period=event.interest_period,
                )
            case e.InterestAccrualCycleConcluded():
                self.cycle = None
            case e.CollateralizationStateChanged():
                self.collateralization_state = event.collateralization_state
                self.price_at_state_change = event.price
            case e.CollateralizationRatioChanged(position=position):
                self.position = position
            case e.PartialLiquidationInitiated():
                self.liquidation = LiquidationTrigger(
                    liquidation_id=event.liquidation_id,
                    trigger_price=event.trigger_price,
                    initially_expected_to_receive=event.initially_expected_to_receive,
                    initially_estimated_to_liquidate=event.initially_estimated_to_liquidate,
                )
            case e.LiquidationProceedsApplied(completes=completes):
                self.liquidation = None if completes else self.liquidation
            case e.LiquidationCancelled():
                self.liquidation = None
            case e.Matured():
                self.status = FacilityStatus.MATURED
            case e.CompletionRequested():
                self.is_completing = True
            case e.Completed():
                self.status = FacilityStatus.CLOSED
            case e.Initialized():
                raise ValueError("a facility begins once")

    # --- what is -------------------------------------------------------------------------------------------

    @property
    def is_closed(self) -> bool:
        return self.status is FacilityStatus.CLOSED

    @property
    def thresholds(self) -> Thresholds:
        return thresholds_of(self.terms)

    @property
    def reach(self) -> Reach:
        """The prices at which its state changes; none once it is closed."""
        if self.is_closed:
            return Reach(None, None)
        held = self.position
        return reach(self.collateralization_state, held.collateral, held.exposure, self.thresholds)

    @property
    def margin_call_price(self) -> UsdCents | None:
        """Below it the CVL is under the margin call's; None where no price puts it there."""
        return self._price_of(self.thresholds.margin_call_from)

    @property
    def liquidation_price(self) -> UsdCents | None:
        """Below it the CVL is under the liquidation's; None where no price puts it there."""
        return self._price_of(self.thresholds.liquidation_from)

    def _price_of(self, percent: int) -> UsdCents | None:
        held = self.position
        if self.is_closed or held.exposure == 0:
            return None
        found = price_of(percent, held.collateral, held.exposure)
        return UsdCents(found) if found is not None else None

    @property
    def awaits_liquidation(self) -> bool:
        """Under its threshold without a liquidation: one starts at the next price that is fresh."""
        return (
            not self.is_closed
            and self.collateralization_state is State.UNDER_LIQUIDATION_THRESHOLD
            and self.liquidation is None
            and self.position.exposure > 0
        )

    @property
    def sort_key(self) -> int:
        return sort_key(self.position.collateral, self.position.exposure)

    @property
    def accrues(self) -> bool:
        return not (self.is_closed or self.is_completing)

    # --- collateral, debt, state ----------------------------------------------------------------------------

    def move(self, position: Position) -> Outcome:
        """Another position; follow it with `look`."""
        if position == self.position:
            return ALREADY
        value = ratio(position.collateral, position.exposure)
        return self.emit(e.CollateralizationRatioChanged(collateralization_ratio=value, position=position))

    def look(self, price: UsdCents) -> Outcome:
        """The state at a price."""
        if self.is_closed:
            return ALREADY
        found = next_state(self.collateralization_state, self.position.cvl(price), self.thresholds)
        return self._become(found, price)

    def _become(self, state: State, price: UsdCents) -> Outcome:
        if state is self.collateralization_state:
            return ALREADY
        return self.emit(
            e.CollateralizationStateChanged(
                collateralization_state=state,
                collateral=self.position.collateral,
                outstanding=self.position.payable,
                price=price,
            )
        )

    # --- disbursals and payments ----------------------------------------------------------------------------

    def require_drawable(self, now: datetime) -> None:
        """DisbursalOnInactiveFacility, OnlyOneDisbursalAllowed, DisbursalPastMaturityDate."""
        if self.status is not FacilityStatus.ACTIVE or self.is_completing:
            raise DisbursalOnInactiveFacility(self.id)
        if self.terms.single_disbursal:
            raise OnlyOneDisbursalAllowed(self.id)
        if now >= self.matures_at:
            raise DisbursalPastMaturityDate(self.id)

    def may_draw(self, amount: UsdCents, price: UsdCents) -> bool:
        """Would the CVL with this amount and all that is reserved still reach the margin call's?"""
        percent = self.position.cvl_with(amount, price)
        return percent is None or percent >= self.thresholds.margin_call_from

    def require_payable(self) -> None:
        if self.is_closed:
            raise PaymentOnClosedFacility(self.id)

    # --- interest -------------------------------------------------------------------------------------------

    def start_cycle(self, cycle: OpenCycle) -> Outcome:
        return self.emit(
            e.InterestAccrualCycleStarted(
                interest_accrual_id=cycle.id,
                interest_accrual_cycle_idx=cycle.idx,
                interest_period=cycle.period,
            )
        )

    def conclude_cycle(self, ledger_tx_id: UUID | None, obligation_id: UUID | None = None) -> Outcome:
        if self.cycle is None:
            return ALREADY
        return self.emit(
            e.InterestAccrualCycleConcluded(
                interest_accrual_cycle_idx=self.cycle.idx,
                ledger_tx_id=ledger_tx_id,
                obligation_id=obligation_id,
            )
        )

    # --- liquidation ----------------------------------------------------------------------------------------

    def initiate_liquidation(self, trigger: LiquidationTrigger) -> Outcome:
        if not self.awaits_liquidation:
            return ALREADY
        return self.emit(e.PartialLiquidationInitiated(**msgspec.structs.asdict(trigger)))

    def apply_proceeds(self, liquidation_id: UUID, *, completes: bool) -> Outcome:
        if self.liquidation is None or self.liquidation.liquidation_id != liquidation_id:
            return ALREADY
        return self.emit(e.LiquidationProceedsApplied(liquidation_id=liquidation_id, completes=completes))

    def cancel_liquidation(self, liquidation_id: UUID) -> Outcome:
        if self.liquidation is None or self.liquidation.liquidation_id != liquidation_id:
            return ALREADY
        return self.emit(e.LiquidationCancelled(liquidation_id=liquidation_id))

    # --- the end --------------------------------------------------------------------------------------------

    def mature(self, day: date) -> Outcome:
        if self.status is not FacilityStatus.ACTIVE or self.maturity_date > day:
            return ALREADY
        return self.emit(e.Matured())

    def require_settled(self, unposted: UsdCents, others: UsdCents) -> None:
        """OutstandingAmount while anything is owed: posted, reserved, accrued and not posted, or `others`
        (defaulted, payments not applied)."""
        if self.position.exposure or self.position.reserved or unposted or others:
            raise OutstandingAmount(self.id)

    def request_completion(self) -> Outcome:
        """Interest stops and nothing can be drawn; closed when the collateral is released."""
        if self.is_closed or self.is_completing:
            return ALREADY
        return self.emit(e.CompletionRequested())

    def complete(self, price: UsdCents) -> Outcome:
        """The collateral is back with the customer."""
        if self.is_closed:
            return ALREADY
        self._become(State.NO_COLLATERAL, price)
        return self.emit(e.Completed())
