"""A domain file as a server has it, over a domain in memory: the conventions of `lana.lib.graphql`, runnable."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
import strawberry

from lana.lib.authz import Ctx
from lana.lib.errors import Refusal
from lana.lib.graphql import Connection, Request, connection, entity, order_of
from lana.lib.pg.page import Direction, Found, Order, Page, encode_cursor

if TYPE_CHECKING:
    from lana.lib.es.op import Op


class LastMemberCannotLeave(Refusal):
    prefix = "CommitteeError"


class CommitteeState(StrEnum):
    MEETING = "meeting"
    AT_REST = "at_rest"


class Person(msgspec.Struct):
    id: UUID
    name: str


class Board(msgspec.Struct):
    id: UUID
    name: str
    members: list[UUID]
    state: CommitteeState = CommitteeState.AT_REST
    created_at: datetime = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


class Domain:
    commands: Any

    def __init__(self) -> None:
        self.waiting = asyncio.Event()
        self.waited = ""
        self.people = {UUID(int=n): Person(UUID(int=n), f"person {n}") for n in range(1, 4)}
        self.boards = [Board(UUID(int=n), f"board {n}", [UUID(int=1), UUID(int=2)]) for n in range(10, 13)]
        self.batches: list[Sequence[UUID]] = []

    async def find_many_people(self, ctx: Ctx, ids: Sequence[UUID]) -> dict[UUID, Person]:
        self.batches.append(list(ids))
        return {i: self.people[i] for i in ids if i in self.people}

    async def list_boards(self, ctx: Ctx, page: Page, order: Order) -> Found[Board]:
        size = page.size(100)
        boards = self.boards[:size]
        cursors = [encode_cursor({"id": str(board.id)}) for board in boards]
        return Found(boards, cursors, len(self.boards) > size)

    async def create_board(self, op: Op, name: str, members: list[UUID]) -> Board:
        board = Board(UUID(int=99), name, members)
        self.boards.append(board)
        return board

    async def remove_member(self, op: Op, board_id: UUID) -> Board:
        raise LastMemberCannotLeave(board_id)


Info = strawberry.Info[Request[Domain], None]
strawberry.enum(CommitteeState)


@strawberry.enum
class CommitteesSortBy(Enum):
    CREATED_AT = "created_at"
    NAME = "name"


@strawberry.input
class CommitteesSort:
    by: CommitteesSortBy = CommitteesSortBy.CREATED_AT
    direction: Direction = Direction.DESC


@strawberry.type
class Member:
    name: str

    @classmethod
    def of(cls, person: Person) -> Member:
        return cls(name=person.name)


@entity("committeeId")
class Committee:
    entity: strawberry.Private[Board]
    committee_id: UUID
    name: str
    state: CommitteeState
    created_at: datetime

    @classmethod
    def of(cls, board: Board) -> Committee:
        return cls(
            entity=board,
            committee_id=board.id,
            name=board.name,
            state=board.state,
            created_at=board.created_at,
        )

    @strawberry.field
    async def current_members(self, info: Info) -> list[Member]:
        request = info.context
        people = await request.load_many(request.app.find_many_people, self.entity.members)
        return [Member.of(person) for person in people]


@strawberry.type
class Query:
    @strawberry.field
    async def committees(
        self,
        info: Info,
        first: int,
        after: str | None = None,
        sort: CommitteesSort | None = CommitteesSort(),
    ) -> Connection[Committee]:
        request = info.context
        found = await request.app.list_boards(request.ctx, Page(first, after), order_of(sort))
        return connection(found, Committee.of)

    @strawberry.field
    async def broken(self, info: Info) -> int | None:
        raise ZeroDivisionError("secret detail")


@strawberry.input
class CommitteeCreateInput:
    name: str
    member_user_ids: list[UUID]


@strawberry.type
class CommitteeCreatePayload:
    committee: Committee


@strawberry.input
class CommitteeUserRemoveInput:
    committee_id: UUID


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def committee_create(self, info: Info, input: CommitteeCreateInput) -> CommitteeCreatePayload:
        request = info.context
        board = await request.command(request.app.create_board, input.name, input.member_user_ids)
        return CommitteeCreatePayload(committee=Committee.of(board))

    @strawberry.mutation
    async def committee_user_remove(
        self, info: Info, input: CommitteeUserRemoveInput
    ) -> CommitteeCreatePayload:
        request = info.context
        board = await request.command(request.app.remove_member, input.committee_id)
        return CommitteeCreatePayload(committee=Committee.of(board))


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def member_joined(self, info: Info, names: list[str]) -> AsyncGenerator[Member, None]:
        if not names:
            raise LastMemberCannotLeave("nobody")
        for name in names:
            yield Member(name=name)

    @strawberry.subscription
    async def waiting(self, info: Info) -> AsyncGenerator[int, None]:
        domain = info.context.app
        try:
            domain.waiting.set()
            await asyncio.Event().wait()
            yield 1
        finally:
            domain.waited = "closed"
