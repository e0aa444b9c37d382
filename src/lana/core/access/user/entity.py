"""The user: one role, active or not. The e-mail lives with the personal data; events keep its digest."""

from __future__ import annotations

from typing import ClassVar, Self
from uuid import UUID

from lana.core.access.primitives import StaffKind
from lana.lib.es.entity import ALREADY, Entity, Event, Outcome


class Initialized(Event, frozen=True, tag="initialized"):
    id: UUID
    email_digest: str
    role_id: UUID
    staff_kind: StaffKind = StaffKind.PERSON


class RoleUpdated(Event, frozen=True, tag="role_updated"):
    role_id: UUID


class Deactivated(Event, frozen=True, tag="deactivated"):
    pass


class Activated(Event, frozen=True, tag="activated"):
    pass


UserEvent = Initialized | RoleUpdated | Deactivated | Activated


class User(Entity[UserEvent]):
    kind: ClassVar[str] = "user"
    event_types: ClassVar[object] = UserEvent

    role_id: UUID
    staff_kind: StaffKind
    active: bool = True

    @classmethod
    def begin(cls, event: UserEvent) -> Self:
        assert isinstance(event, Initialized)
        return cls(id=event.id, role_id=event.role_id, staff_kind=event.staff_kind)

    def apply(self, event: UserEvent) -> None:
        match event:
            case RoleUpdated(role_id=role_id):
                self.role_id = role_id
            case Deactivated():
                self.active = False
            case Activated():
                self.active = True
            case Initialized():
                raise ValueError("a user begins once")

    @property
    def has_login(self) -> bool:
        """People log in through an account the bank makes for them; services bring their own client."""
        return self.staff_kind is StaffKind.PERSON

    def update_role(self, role_id: UUID) -> Outcome:
        if role_id == self.role_id:
            return ALREADY
        return self.emit(RoleUpdated(role_id=role_id))

    def deactivate(self) -> Outcome:
        return self.emit(Deactivated()) if self.active else ALREADY

    def activate(self) -> Outcome:
        return ALREADY if self.active else self.emit(Activated())
