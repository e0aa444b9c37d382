"""The accepted price: one entity, whose version changes only when the price does.

Whoever decides upon a price finds it, so that the decision is made again if another price is accepted first.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

import msgspec

from lana.lib.es.entity import ALREADY, Entity, Event, Outcome
from lana.lib.money import UsdCents


class Initialized(Event, frozen=True, tag="initialized"):
    id: UUID


class Accepted(Event, frozen=True, tag="accepted"):
    price: UsdCents
    fetched_at: datetime
    provider: str


AcceptedPriceEvent = Initialized | Accepted


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """When a price was last accepted, in real time; one that was not, since then.

    A `standing` price is set by hand: it does not age while its provider is active.
    """

    fetched_at: datetime | None = None
    standing: bool = False
    rejected_price: UsdCents | None = None
    rejected_at: datetime | None = None


UNKNOWN = Status()


class AcceptedPrice(Entity[AcceptedPriceEvent]):
    """None until a first price is accepted; above 0 from then on."""

    kind: ClassVar[str] = "price"
    event_types: ClassVar[object] = AcceptedPriceEvent

    price: UsdCents | None = None

    @classmethod
    def begin(cls, event: AcceptedPriceEvent) -> Self:
        assert isinstance(event, Initialized)
        return cls(id=event.id)

    def apply(self, event: AcceptedPriceEvent) -> None:
        match event:
            case Accepted(price=price):
                self.price = price
            case Initialized():
                raise ValueError("a price begins once")

    def accept(self, event: Accepted) -> Outcome:
        assert event.price > 0
        return ALREADY if event.price == self.price else self.emit(event)

    @property
    def status(self) -> Status:
        """As it was when the price was read: a row beside it, no part of its state."""
        found = self._beside().get("_status", UNKNOWN)
        assert isinstance(found, Status)
        return found

    @status.setter
    def status(self, status: Status) -> None:
        self._beside()["_status"] = status
