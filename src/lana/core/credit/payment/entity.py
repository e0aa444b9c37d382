"""A payment: money that came in for one facility."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Self
from uuid import UUID

from lana.core.credit.payment.errors import AmountIsZero
from lana.lib.es.entity import Entity, Event
from lana.lib.money import UsdCents


class Initialized(Event, frozen=True, tag="initialized"):
    id: UUID
    ledger_tx_id: UUID
    beneficiary_id: UUID
    facility_payment_holding_account_id: UUID
    facility_uncovered_outstanding_account_id: UUID
    payment_source_account_id: UUID
    amount: UsdCents
    effective: date


class Payment(Entity[Initialized]):
    """Recorded once, under the id of its ledger transaction."""

    kind: ClassVar[str] = "payment"
    event_types: ClassVar[object] = Initialized

    beneficiary_id: UUID
    amount: UsdCents
    payment_source_account_id: UUID
    effective: date

    @classmethod
    def begin(cls, event: Initialized) -> Self:
        return cls(
            id=event.id,
            beneficiary_id=event.beneficiary_id,
            amount=event.amount,
            payment_source_account_id=event.payment_source_account_id,
            effective=event.effective,
        )

    def apply(self, event: Initialized) -> None:
        raise ValueError("a payment begins once")

    @classmethod
    def record(cls, event: Initialized) -> Self:
        if event.amount == 0:
            raise AmountIsZero(field="amount")
        return cls.born(event)
