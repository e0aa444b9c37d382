"""The committee. Invariant: once it has a member, never without one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Self
from uuid import UUID

from lana.core.governance.committee.errors import CannotRemoveLastMember, CommitteeMustHaveAtLeastOneMember
from lana.lib.es.entity import ALREADY, Entity, Event, Outcome


class Initialized(Event, frozen=True, tag="initialized"):
    id: UUID
    name: str


class MemberAdded(Event, frozen=True, tag="member_added"):
    member_id: UUID


class MemberRemoved(Event, frozen=True, tag="member_removed"):
    member_id: UUID


CommitteeEvent = Initialized | MemberAdded | MemberRemoved


class Committee(Entity[CommitteeEvent]):
    kind: ClassVar[str] = "committee"
    event_types: ClassVar[object] = CommitteeEvent

    name: str
    members: tuple[UUID, ...] = ()

    @classmethod
    def begin(cls, event: CommitteeEvent) -> Self:
        assert isinstance(event, Initialized)
        return cls(id=event.id, name=event.name)

    def apply(self, event: CommitteeEvent) -> None:
        match event:
            case MemberAdded(member_id=member):
                self.members = (*self.members, member)
            case MemberRemoved(member_id=member):
                self.members = tuple(i for i in self.members if i != member)
            case Initialized():
                raise ValueError("a committee begins once")

    @classmethod
    def found(cls, committee_id: UUID, name: str, members: Iterable[UUID]) -> Self:
        """A new committee of at least one member."""
        wanted = dict.fromkeys(members)
        if not wanted:
            raise CommitteeMustHaveAtLeastOneMember(field="memberUserIds")
        committee = cls.born(Initialized(id=committee_id, name=name))
        committee.emit(*(MemberAdded(member_id=member) for member in wanted))
        return committee

    def add(self, member: UUID) -> Outcome:
        return ALREADY if member in self.members else self.emit(MemberAdded(member_id=member))

    def remove(self, member: UUID) -> Outcome:
        if member not in self.members:
            return ALREADY
        if len(self.members) == 1:
            raise CannotRemoveLastMember
        return self.emit(MemberRemoved(member_id=member))
