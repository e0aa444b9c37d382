"""An allocation: the share of a payment that covers one obligation."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Self
from uuid import UUID

from lana.core.credit.primitives import ObligationType
from lana.lib.es.entity import Entity, Event
from lana.lib.money import UsdCents


class Initialized(Event, frozen=True, tag="initialized"):
    id: UUID
    ledger_tx_id: UUID
    payment_id: UUID
    obligation_id: UUID
    payment_allocation_idx: int
    obligation_type: ObligationType
    beneficiary_id: UUID
    amount: UsdCents
    receivable_account_id: UUID
    payment_holding_account_id: UUID
    effective: date


class Allocation(Entity[Initialized]):
    """Recorded once, under the id of its ledger transaction."""

    kind: ClassVar[str] = "payment_allocation"
    event_types: ClassVar[object] = Initialized

    payment_id: UUID
    obligation_id: UUID
    payment_allocation_idx: int
    obligation_type: ObligationType
    beneficiary_id: UUID
    amount: UsdCents
    effective: date

    @classmethod
    def begin(cls, event: Initialized) -> Self:
        return cls(
            id=event.id,
            payment_id=event.payment_id,
            obligation_id=event.obligation_id,
            payment_allocation_idx=event.payment_allocation_idx,
            obligation_type=event.obligation_type,
            beneficiary_id=event.beneficiary_id,
            amount=event.amount,
            effective=event.effective,
        )

    def apply(self, event: Initialized) -> None:
        raise ValueError("an allocation begins once")
