"""GraphQL: one thin endpoint, and the words every domain file is written in.

A server's domain file (`lana.admin_server.access`, …) has the same shape everywhere: types, inputs and
payloads, then `Query`, `Mutation`, `Subscription` mixins that the server's `schema.py` joins by inheritance.
A resolver is five lines: parse, one service call, wrap.

    from __future__ import annotations

    strawberry.enum(governance.ApprovalProcessStatus)  # then annotate with the core's own class; the names
                                                        # of its members are the GraphQL names
    @strawberry.enum
    class CommitteesSortBy(Enum):
        CREATED_AT = "created_at"                       # the repo's declared column
        NAME = "name"

    @strawberry.input
    class CommitteesSort:
        by: CommitteesSortBy = CommitteesSortBy.CREATED_AT
        direction: Direction = Direction.DESC           # lana.lib.pg.page.Direction

    @entity("committeeId")                              # type Committee @entity_key(field: "committeeId")
    class Committee:
        entity: strawberry.Private[governance.Committee]
        committee_id: UUID                              # plain fields cost nothing: fill them in `of`
        name: str
        created_at: datetime                            # → Timestamp; date → Date; object: Json

        @classmethod
        def of(cls, committee: governance.Committee) -> Committee:
            return cls(entity=committee, committee_id=committee.id, name=committee.name, …)

        @strawberry.field
        async def current_members(self, info: Info) -> list[UserRef]:          # refs: lana.admin_server.refs
            app = info.context.app
            found = await info.context.load_many(app.access.find_many_users, self.entity.members)
            return [access.User.of(user) for user in found]

    @strawberry.input
    class CommitteeCreateInput:
        name: str
        member_user_ids: list[UUID]

    @strawberry.type
    class CommitteeCreatePayload:
        committee: Committee

    @strawberry.type
    class Query:
        @strawberry.field
        async def committee(self, info: Info, id: UUID) -> Committee | None:
            found = await info.context.app.governance.maybe_find_committee(info.context.ctx, id)
            return found and Committee.of(found)

        @strawberry.field
        async def committees(
            self, info: Info, first: int, after: str | None = None,
            sort: CommitteesSort | None = CommitteesSort(),
        ) -> Connection[Committee]:
            found = await info.context.app.governance.list_committees(
                info.context.ctx, Page(first, after), order_of(sort))
            return connection(found, Committee.of)

    @strawberry.type
    class Mutation:
        @strawberry.mutation
        async def committee_create(self, info: Info, input: CommitteeCreateInput) -> CommitteeCreatePayload:
            verb = info.context.app.governance.create_committee
            committee = await info.context.command(verb, input.name, input.member_user_ids)
            return CommitteeCreatePayload(committee=Committee.of(committee))

Words: `request.command(verb, …)` runs a service verb in an Op, with the caller's idempotency key;
`request.load(find_many, id)` gathers the loads of one moment into one `find_many(ctx, ids) -> dict[UUID,
Entity]` (which enforces the read action on `*`), `request.need(find_many, id, "User")` refuses with `User not
found`, `request.load_many(find_many, ids)` answers those that exist. Types of other files are named by
`refs`, so that circles of types need no circles of imports. `tests/unit/lib/graphql/example_domain.py` is
this page as a running file.
"""

from lana.lib.graphql.history import scrub
from lana.lib.graphql.limits import Limits
from lana.lib.graphql.request import Request
from lana.lib.graphql.scalars import (
    AccountCode,
    AnnualRatePct,
    AuditEntryId,
    AuditSubjectId,
    CVLPctValue,
    Json,
    OneTimeFeeRatePct,
    PublicId,
    ReportDefinitionId,
    Satoshis,
    SignedSatoshis,
    SignedUsdCents,
    Upload,
    UsdCents,
    Yaml,
)
from lana.lib.graphql.types import (
    Connection,
    Edge,
    PageInfo,
    connection,
    entity,
    order_of,
)

__all__ = [
    "AccountCode",
    "AnnualRatePct",
    "AuditEntryId",
    "AuditSubjectId",
    "CVLPctValue",
    "Connection",
    "Edge",
    "Json",
    "Limits",
    "OneTimeFeeRatePct",
    "PageInfo",
    "PublicId",
    "ReportDefinitionId",
    "Request",
    "Satoshis",
    "SignedSatoshis",
    "SignedUsdCents",
    "Upload",
    "UsdCents",
    "Yaml",
    "connection",
    "entity",
    "order_of",
    "scrub",
]
