"""Words of authorization: who (subject) may do what (action) on which object."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from uuid import UUID

import msgspec


class SubjectKind(StrEnum):
    USER = "user"
    CUSTOMER = "customer"
    SYSTEM = "system"


class Subject(msgspec.Struct, frozen=True, dict=True):
    """`user:<uuid>` (staff), `customer:<uuid>` or `system:<actor>`."""

    kind: SubjectKind
    name: str

    @classmethod
    def user(cls, user_id: UUID) -> Subject:
        return cls(SubjectKind.USER, str(user_id))

    @classmethod
    def customer(cls, customer_id: UUID) -> Subject:
        return cls(SubjectKind.CUSTOMER, str(customer_id))

    @classmethod
    def system(cls, actor: str) -> Subject:
        return cls(SubjectKind.SYSTEM, actor)

    @classmethod
    def parse(cls, text: str) -> Subject:
        """Inverse of `str()`. ValueError for anything else."""
        kind, _, name = text.partition(":")
        return cls(SubjectKind(kind), name)

    @cached_property
    def id(self) -> UUID:
        """The person's id. ValueError for a system subject."""
        return UUID(self.name)

    @property
    def is_user(self) -> bool:
        return self.kind is SubjectKind.USER

    @property
    def is_customer(self) -> bool:
        return self.kind is SubjectKind.CUSTOMER

    @property
    def is_system(self) -> bool:
        return self.kind is SubjectKind.SYSTEM

    @cached_property
    def _text(self) -> str:
        return f"{self.kind.value}:{self.name}"

    def __str__(self) -> str:
        return self._text


class Resource(msgspec.Struct, frozen=True):
    """A kind of object, `<module>/<entity>`, e.g. `Resource("deposit", "withdrawal")`."""

    module: str
    entity: str

    def action(self, verb: str) -> Action:
        return Action(self, verb)

    def object(self, object_id: UUID | None = None) -> str:
        """`deposit/withdrawal/<uuid>`, or `…/*` for all of them."""
        return f"{self.module}/{self.entity}/{object_id or '*'}"

    def __str__(self) -> str:
        return f"{self.module}/{self.entity}"


class Action(msgspec.Struct, frozen=True, dict=True):
    """`<module>:<entity>:<verb>` on a resource of the same module and entity."""

    resource: Resource
    verb: str

    @cached_property
    def _text(self) -> str:
        return f"{self.resource.module}:{self.resource.entity}:{self.verb}"

    def __str__(self) -> str:
        return self._text


class Check(msgspec.Struct, frozen=True):
    """One enforced check, as the audit keeps it. `object_ids` empty means all (`*`)."""

    subject: Subject
    action: Action
    object_ids: tuple[UUID, ...]
    authorized: bool

    @property
    def object(self) -> str:
        one = self.object_ids[0] if len(self.object_ids) == 1 else None
        return self.action.resource.object(one)
