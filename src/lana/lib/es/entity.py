"""Entities: pure objects folded from their events.

Guarantees: a command awaits nothing, reads no clock and draws no id; it either emits events or says
`Already`. What an entity knows is only what its events said, so `fold(events)` equals the stored `state`
(proved by `lana-cli verify`). Fields are the state; what is not state (pending events, creation time) lives
beside the fields and is never stored in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import ClassVar, Generic, Self, TypeVar, cast
from uuid import UUID

import msgspec


class Outcome(Enum):
    """What a command did."""

    DONE = "done"
    ALREADY = "already"


DONE = Outcome.DONE
ALREADY = Outcome.ALREADY


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A fact in the past tense. Subclasses carry `tag="snake_case"`, their stored name,
    which never changes.
    """


def event_name(event: Event) -> str:
    """The stored name of an event."""
    return str(cast("object", event.__struct_config__.tag))


E = TypeVar("E", bound=Event)


class Entity(msgspec.Struct, Generic[E], dict=True, kw_only=True):
    """State folded from events of type `E`.

    `kind` is the stored entity type, `events` the union of its event classes. A subclass implements `begin`
    (the state right after its first event) and `apply` (every later event). An entity is named by kind *and*
    id: ids are shared between kinds on purpose.
    """

    kind: ClassVar[str]
    event_types: ClassVar[object]

    id: UUID
    version: int = 0

    @classmethod
    def begin(cls, event: E) -> Self:
        """The entity right after its first event."""
        raise NotImplementedError

    def apply(self, event: E) -> None:
        """Fold one later event into the state."""
        raise NotImplementedError

    @classmethod
    def born(cls, event: E) -> Self:
        """A new entity with its first event pending."""
        entity = cls.begin(event)
        entity.version = 1
        entity._beside()["_events"] = [event]
        return entity

    @classmethod
    def fold(cls, events: Sequence[E]) -> Self:
        """Rebuild from stored events; at least one."""
        entity = cls.begin(events[0])
        for event in events[1:]:
            entity.apply(event)
        entity.version = len(events)
        return entity

    def emit(self, *events: E) -> Outcome:
        """Fold events into the state and keep them for the Op that writes this entity."""
        pending = self._pending()
        for event in events:
            self.apply(event)
            pending.append(event)
        self.version += len(events)
        return DONE

    def _beside(self) -> dict[str, object]:
        """What is kept beside the fields (`dict=True`), and so is never stored."""
        return cast("dict[str, object]", self.__dict__)

    def _pending(self) -> list[E]:
        return cast("list[E]", self._beside().setdefault("_events", []))

    @property
    def pending(self) -> Sequence[E]:
        """Events decided but not yet written."""
        return self._pending()

    @property
    def stored_version(self) -> int:
        """The version the decision rests on; 0 for an entity not stored yet."""
        return self.version - len(self._pending())

    @property
    def created_at(self) -> datetime:
        """When the first event was recorded (business clock, UTC). Set on load and by the Op."""
        return cast("datetime", self._beside()["_created_at"])

    @created_at.setter
    def created_at(self, at: datetime) -> None:
        self._beside()["_created_at"] = at
