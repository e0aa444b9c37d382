"""The bank's manual clock. Invariant: it never goes back."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from lana.lib.es.entity import ALREADY, Entity, Event, Outcome

# one clock per bank: every process that starts it means the same entity
CLOCK_ID: Final = UUID("00000000-0000-7000-8000-00000000c10c")


class Started(Event, frozen=True, tag="started"):
    id: UUID
    at: datetime


class Advanced(Event, frozen=True, tag="advanced"):
    to: datetime


BankClockEvent = Started | Advanced


class BankClock(Entity[BankClockEvent], kw_only=True):
    kind: ClassVar[str] = "bank_clock"
    event_types: ClassVar[object] = BankClockEvent

    at: datetime

    @classmethod
    def begin(cls, event: BankClockEvent) -> BankClock:
        match event:
            case Started():
                return cls(id=event.id, at=event.at)
            case Advanced():
                raise ValueError("a clock is started before it is advanced")

    def apply(self, event: BankClockEvent) -> None:
        match event:
            case Started():
                raise ValueError("a clock is started once")
            case Advanced():
                self.at = event.to

    def advance(self, to: datetime) -> Outcome:
        if to <= self.at:
            return ALREADY
        return self.emit(Advanced(to=to))
