"""The accepted price: one entity, whose version changes only when the price does.

Whoever decides upon a price finds it, so that the decision is made again if another price is accepted first.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from lana.core.price.primitives import PRICE_ID
from lana.lib.es.entity import ALREADY, Entity, Event, Outcome
from lana.lib.money import UsdCents


class Accepted(Event, frozen=True, tag="accepted"):
    price: UsdCents
    fetched_at: datetime
    provider: str


class AcceptedPrice(Entity[Accepted]):
    kind: ClassVar[str] = "price"
    event_types: ClassVar[object] = Accepted

    price: UsdCents

    @classmethod
    def begin(cls, event: Accepted) -> Self:
        return cls(id=PRICE_ID, price=event.price)

    def apply(self, event: Accepted) -> None:
        self.price = event.price

    def accept(self, event: Accepted) -> Outcome:
        return ALREADY if event.price == self.price else self.emit(event)
