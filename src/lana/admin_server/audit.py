"""The audit log."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import strawberry

from lana.admin_server.common import Info
from lana.admin_server.history import AuditSubject, audit_subject
from lana.core import audit as core
from lana.lib.graphql import AuditEntryId, AuditSubjectId, Connection, connection, entity
from lana.lib.pg.page import Page


@entity("auditEntryId")
class AuditEntry:
    entity: strawberry.Private[core.AuditEntry]
    audit_entry_id: AuditEntryId
    object: str
    object_ids: list[UUID]
    action: str
    authorized: bool
    client_address: str | None
    request_id: str | None
    idempotency_key: str | None
    recorded_at: datetime

    @classmethod
    def of(cls, entry: core.AuditEntry) -> AuditEntry:
        return cls(
            entity=entry,
            audit_entry_id=AuditEntryId(entry.id),
            object=entry.object,
            object_ids=list(entry.object_ids),
            action=entry.action,
            authorized=entry.authorized,
            client_address=entry.client_address,
            request_id=entry.request_id,
            idempotency_key=entry.idempotency_key,
            recorded_at=entry.recorded_at,
        )

    @strawberry.field
    async def subject(self, info: Info) -> AuditSubject:
        return await audit_subject(info, self.entity.subject)


@strawberry.type
class Query:
    @strawberry.field
    async def audit(
        self,
        info: Info,
        *,
        first: int,
        after: str | None = None,
        subject: AuditSubjectId | None = None,
        authorized: bool | None = None,
        object: str | None = None,
        action: str | None = None,
    ) -> Connection[AuditEntry]:
        wanted = core.AuditFilter(subject=subject, object=object, action=action, authorized=authorized)
        found = await info.context.app.audit.list(info.context.ctx, Page(first, after), wanted)
        return connection(found, AuditEntry.of)

    @strawberry.field
    async def audit_subjects(self, info: Info) -> list[AuditSubjectId]:
        subjects = await info.context.app.audit.subjects(info.context.ctx)
        return [AuditSubjectId(subject) for subject in subjects]
