"""A liquidation: collateral sent to be sold, in parts, and what it brought."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Self
from uuid import UUID

import msgspec

from lana.core.credit.facility.errors import CollateralInLiquidation
from lana.lib.es.entity import ALREADY, Entity, Event, Outcome
from lana.lib.money import Satoshis, UsdCents


class Initialized(Event, frozen=True, tag="initialized"):
    id: UUID
    collateral_id: UUID
    facility_id: UUID
    trigger_price: UsdCents
    initially_expected_to_receive: UsdCents
    initially_estimated_to_liquidate: Satoshis
    collateral_in_liquidation_account_id: UUID
    liquidated_collateral_account_id: UUID
    proceeds_from_liquidation_account_id: UUID


class CollateralSentOut(Event, frozen=True, tag="collateral_sent_out"):
    amount: Satoshis
    ledger_tx_id: UUID
    effective: date


class ProceedsReceived(Event, frozen=True, tag="proceeds_received"):
    """A tranche; more may follow. `liquidated` satoshis are booked as sold with it."""

    amount: UsdCents
    liquidated: Satoshis
    ledger_tx_id: UUID
    effective: date


class ProceedsReceivedAndLiquidationCompleted(
    Event, frozen=True, tag="proceeds_received_and_liquidation_completed"
):
    amount: UsdCents
    liquidated: Satoshis
    ledger_tx_id: UUID
    effective: date


class Completed(Event, frozen=True, tag="completed"):
    """After the last tranche: because nothing more is to come, or with its loan."""


class Cancelled(Event, frozen=True, tag="cancelled"):
    pass


LiquidationEvent = (
    Initialized
    | CollateralSentOut
    | ProceedsReceived
    | ProceedsReceivedAndLiquidationCompleted
    | Completed
    | Cancelled
)


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    amount: Satoshis
    ledger_tx_id: UUID


class Received(msgspec.Struct, frozen=True, kw_only=True):
    amount: UsdCents
    ledger_tx_id: UUID


class Liquidation(Entity[LiquidationEvent]):
    """Over once: completed with its proceeds, cancelled while nothing was sent, or ended with its loan."""

    kind: ClassVar[str] = "liquidation"
    event_types: ClassVar[object] = LiquidationEvent

    collateral_id: UUID
    facility_id: UUID
    trigger_price: UsdCents
    expected_to_receive: UsdCents
    initially_estimated_to_liquidate: Satoshis
    sent: tuple[Sent, ...] = ()
    received: tuple[Received, ...] = ()
    liquidated: Satoshis = Satoshis(0)
    completed: bool = False
    cancelled: bool = False

    @classmethod
    def begin(cls, event: LiquidationEvent) -> Self:
        assert isinstance(event, Initialized)
        return cls(
            id=event.id,
            collateral_id=event.collateral_id,
            facility_id=event.facility_id,
            trigger_price=event.trigger_price,
            expected_to_receive=event.initially_expected_to_receive,
            initially_estimated_to_liquidate=event.initially_estimated_to_liquidate,
        )

    def apply(self, event: LiquidationEvent) -> None:
        match event:
            case CollateralSentOut():
                self.sent = (*self.sent, Sent(amount=event.amount, ledger_tx_id=event.ledger_tx_id))
            case ProceedsReceived() | ProceedsReceivedAndLiquidationCompleted():
                self.received = (
                    *self.received,
                    Received(amount=event.amount, ledger_tx_id=event.ledger_tx_id),
                )
                self.liquidated = Satoshis(self.liquidated + event.liquidated)
                self.completed = isinstance(event, ProceedsReceivedAndLiquidationCompleted)
            case Completed():
                self.completed = True
            case Cancelled():
                self.completed = self.cancelled = True
            case Initialized():
                raise ValueError("a liquidation begins once")

    @property
    def sent_total(self) -> Satoshis:
        return Satoshis(sum(each.amount for each in self.sent))

    @property
    def amount_received(self) -> UsdCents:
        return UsdCents(sum(each.amount for each in self.received))

    @property
    def not_yet_liquidated(self) -> Satoshis:
        """Sent, and not booked as sold."""
        return Satoshis(self.sent_total - self.liquidated)

    @property
    def is_sold(self) -> bool:
        """It brought something, and all that was sent is booked as sold."""
        return bool(self.received) and not self.not_yet_liquidated

    def send(self, amount: Satoshis, ledger_tx_id: UUID, effective: date) -> Outcome:
        if self.completed or amount == 0:
            return ALREADY
        return self.emit(CollateralSentOut(amount=amount, ledger_tx_id=ledger_tx_id, effective=effective))

    def receive(self, amount: UsdCents, ledger_tx_id: UUID, effective: date, *, completes: bool) -> Outcome:
        """What was sent so far and is not booked yet is booked as sold."""
        if self.completed:
            return ALREADY
        event = ProceedsReceivedAndLiquidationCompleted if completes else ProceedsReceived
        return self.emit(
            event(
                amount=amount,
                liquidated=self.not_yet_liquidated,
                ledger_tx_id=ledger_tx_id,
                effective=effective,
            )
        )

    def cancel(self) -> Outcome:
        return ALREADY if self.completed else self.emit(Cancelled())

    def end(self) -> Outcome:
        """Without more proceeds: cancelled where nothing was sent. CollateralInLiquidation while coins are
        out.
        """
        if self.not_yet_liquidated:
            raise CollateralInLiquidation(f"{self.not_yet_liquidated} satoshis")
        if self.completed or not self.sent:
            return self.cancel()
        return self.emit(Completed())
