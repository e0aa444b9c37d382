"""The permission set. It only ever grows: a release that adds actions teaches them at start."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Self
from uuid import UUID

from lana.core.access.matrix import Permission
from lana.lib.es.entity import ALREADY, Entity, Event, Outcome


class Initialized(Event, frozen=True, tag="initialized"):
    id: UUID
    name: str
    permissions: tuple[Permission, ...]


class PermissionsAdded(Event, frozen=True, tag="permissions_added"):
    permissions: tuple[Permission, ...]


PermissionSetEvent = Initialized | PermissionsAdded


class PermissionSet(Entity[PermissionSetEvent]):
    kind: ClassVar[str] = "permission_set"
    event_types: ClassVar[object] = PermissionSetEvent

    name: str
    permissions: tuple[Permission, ...]

    @classmethod
    def begin(cls, event: PermissionSetEvent) -> Self:
        assert isinstance(event, Initialized)
        return cls(id=event.id, name=event.name, permissions=event.permissions)

    def apply(self, event: PermissionSetEvent) -> None:
        match event:
            case PermissionsAdded(permissions=added):
                self.permissions = (*self.permissions, *added)
            case Initialized():
                raise ValueError("a permission set begins once")

    def learn(self, permissions: Iterable[Permission]) -> Outcome:
        new = tuple(p for p in permissions if p not in self.permissions)
        return self.emit(PermissionsAdded(permissions=new)) if new else ALREADY
