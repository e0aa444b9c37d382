"""Event history: what happened to an entity, newest first, and who did it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Protocol
from uuid import UUID

import strawberry

from lana.admin_server.common import Info
from lana.admin_server.refs import CustomerRef, UserRef
from lana.lib.authz import Subject, SubjectKind
from lana.lib.es.repo import StoredEvent
from lana.lib.graphql import AuditEntryId, Connection, Json, connection, scrub
from lana.lib.graphql.history import history_cursor, sequence_before
from lana.lib.pg.page import Found

if TYPE_CHECKING:
    from lana.admin_server.access import User
    from lana.admin_server.customer import Customer


@strawberry.type
class System:
    actor: str


AuditSubject = Annotated[UserRef | System | CustomerRef, strawberry.union("AuditSubject")]


async def audit_subject(info: Info, subject: str) -> User | System | Customer:
    """Who stands behind `user:…`, `customer:…` or `system:…`. A user or customer that is gone is refused."""
    from lana.admin_server import access, customer

    who = Subject.parse(subject)
    request = info.context
    match who.kind:
        case SubjectKind.USER:
            return access.User.of(await request.need(request.app.access.find_many_users, who.id, "User"))
        case SubjectKind.CUSTOMER:
            found = await request.need(request.app.customers.find_many_customers, who.id, "Customer")
            return customer.Customer.of(found)
        case SubjectKind.SYSTEM:
            return System(actor=who.name)


@strawberry.type
class EventTimelineEntry:
    sequence: int
    event_type: str
    recorded_at: datetime
    payload: Json
    audit_entry_id: AuditEntryId | None
    stored_subject: strawberry.Private[str | None]

    @strawberry.field
    async def subject(self, info: Info) -> AuditSubject | None:
        return await audit_subject(info, self.stored_subject) if self.stored_subject else None


class EventSource(Protocol):
    """`Repo.events`."""

    async def __call__(
        self, entity_id: UUID, *, before: int | None = None, limit: int
    ) -> list[StoredEvent]: ...


Personal = Callable[[], Awaitable[Mapping[str, object]]]


async def event_history(
    source: EventSource, entity_id: UUID, first: int, after: str | None, *, personal: Personal | None = None
) -> Connection[EventTimelineEntry]:
    """A page of an entity's events. `personal` answers the current personal values by
    field name (`email`).
    """
    size = min(max(first, 0), 100)
    rows = await source(entity_id, before=sequence_before(after), limit=size + 1)
    page = rows[:size]
    known: Mapping[str, object] = await personal() if personal and page else {}

    def entry(row: StoredEvent) -> EventTimelineEntry:
        return EventTimelineEntry(
            sequence=row.sequence,
            event_type=row.event_type,
            recorded_at=row.recorded_at,
            payload=Json(scrub(row.data, known)),
            audit_entry_id=AuditEntryId(row.audit_entry_id) if row.audit_entry_id is not None else None,
            stored_subject=row.subject,
        )

    return connection(Found(page, [history_cursor(row.sequence) for row in page], len(rows) > size), entry)
