"""The role. What was removed from it on purpose is remembered, so that a start never grants it again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Self
from uuid import UUID

from lana.core.access.matrix import SUPERUSER
from lana.lib.es.entity import ALREADY, Entity, Event, Outcome


class Initialized(Event, frozen=True, tag="initialized"):
    id: UUID
    name: str
    permission_set_ids: tuple[UUID, ...]


class PermissionSetAdded(Event, frozen=True, tag="permission_set_added"):
    permission_set_id: UUID


class PermissionSetRemoved(Event, frozen=True, tag="permission_set_removed"):
    permission_set_id: UUID


RoleEvent = Initialized | PermissionSetAdded | PermissionSetRemoved


class Role(Entity[RoleEvent]):
    kind: ClassVar[str] = "role"
    event_types: ClassVar[object] = RoleEvent

    name: str
    permission_set_ids: tuple[UUID, ...]
    removed_on_purpose: tuple[UUID, ...] = ()

    @classmethod
    def begin(cls, event: RoleEvent) -> Self:
        assert isinstance(event, Initialized)
        return cls(id=event.id, name=event.name, permission_set_ids=event.permission_set_ids)

    def apply(self, event: RoleEvent) -> None:
        match event:
            case PermissionSetAdded(permission_set_id=added):
                self.permission_set_ids = (*self.permission_set_ids, added)
                self.removed_on_purpose = tuple(i for i in self.removed_on_purpose if i != added)
            case PermissionSetRemoved(permission_set_id=removed):
                self.permission_set_ids = tuple(i for i in self.permission_set_ids if i != removed)
                self.removed_on_purpose = (*self.removed_on_purpose, removed)
            case Initialized():
                raise ValueError("a role begins once")

    @property
    def is_superuser(self) -> bool:
        return self.name == SUPERUSER

    def add(self, permission_set_ids: Iterable[UUID]) -> Outcome:
        new = [i for i in dict.fromkeys(permission_set_ids) if i not in self.permission_set_ids]
        return self.emit(*(PermissionSetAdded(permission_set_id=i) for i in new)) if new else ALREADY

    def remove(self, permission_set_ids: Iterable[UUID]) -> Outcome:
        held = [i for i in dict.fromkeys(permission_set_ids) if i in self.permission_set_ids]
        return self.emit(*(PermissionSetRemoved(permission_set_id=i) for i in held)) if held else ALREADY

    def learn(self, permission_set_ids: Iterable[UUID]) -> Outcome:
        """Take what a release grants to this predefined role, except what somebody took away from it."""
        return self.add(i for i in permission_set_ids if i not in self.removed_on_purpose)
