"""The smallest aggregate, for tests of the foundation: a box that counts what is put into it."""

from __future__ import annotations

from typing import assert_never
from uuid import UUID

import psycopg

from lana.lib.authz import Authorizer, Check, Resource
from lana.lib.errors import Refusal
from lana.lib.es.entity import ALREADY, Entity, Event, Outcome
from lana.lib.es.op import Op
from lana.lib.es.repo import Repo
from lana.lib.es.table import Column, RowTable
from lana.lib.outbox import PublicEvent

BOX = Resource("test", "box")
FILL = BOX.action("fill")


class Initialized(Event, tag="initialized"):
    id: UUID
    name: str


class Filled(Event, tag="filled"):
    amount: int


class Closed(Event, tag="closed"):
    pass


BoxEvent = Initialized | Filled | Closed


class BoxClosed(Refusal):
    prefix = "BoxError"


class NameTaken(Refusal):
    prefix = "BoxError"


class Box(Entity[BoxEvent]):
    kind = "box"
    event_types = BoxEvent

    name: str
    total: int = 0
    closed: bool = False

    @classmethod
    def begin(cls, event: BoxEvent) -> Box:
        assert isinstance(event, Initialized)
        return cls(id=event.id, name=event.name)

    def apply(self, event: BoxEvent) -> None:
        match event:
            case Initialized():
                pass
            case Filled(amount=amount):
                self.total += amount
            case Closed():
                self.closed = True
            case _:
                assert_never(event)

    def fill(self, amount: int) -> Outcome:
        if self.closed:
            raise BoxClosed(self.id)
        return self.emit(Filled(amount=amount))

    def close(self) -> Outcome:
        return ALREADY if self.closed else self.emit(Closed())


class BoxFilled(PublicEvent):
    module = "Test"

    id: UUID
    amount: int


class Boxes(Repo[Box]):
    entity = Box
    table = "boxes"
    label = "Box"
    columns = (Column("name", "text", lambda b: b.name), Column("total", "int8", lambda b: b.total))


LABELS = RowTable("box_labels", ("id",), (("id", "uuid"), ("label", "text"), ("tags", "text[]")))

TABLES = """
create table if not exists lana.boxes (
    id uuid primary key, version int8 not null, created_at timestamptz not null, state jsonb not null,
    name text not null, total int8 not null);
create table if not exists lana.box_labels (id uuid primary key, label text not null, tags text[] not null);
create table if not exists lana.box_sums (box uuid primary key, total int8 not null, seen int8 not null);
"""


def create_tables(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(TABLES)


class BoxService:
    """Every kind of effect an Op can have, on one entity."""

    def __init__(self, boxes: Boxes) -> None:
        self.boxes = boxes
        self.authz = Authorizer()
        self.runs = 0

    def _check(self, op: Op) -> None:
        op.record(Check(op.subject, FILL, (), authorized=True))

    async def create(self, op: Op, name: str, box_id: UUID | None = None) -> Box:
        self._check(op)
        box = op.add(self.boxes, Box.born(Initialized(id=box_id or op.new_id(), name=name)))
        op.claim("box.name", name, NameTaken(name))
        op.put(LABELS, box.id, name, ["a", "b"])
        return box

    async def fill(self, op: Op, box_id: UUID, amount: int) -> Box:
        self.runs += 1
        self._check(op)
        box = await op.find(self.boxes, box_id)
        box.fill(amount)
        op.publish(BoxFilled(id=box.id, amount=amount))
        return box

    async def close(self, op: Op, box_id: UUID) -> Box:
        self._check(op)
        box = await op.find(self.boxes, box_id)
        box.close()
        return box

    async def copy_if_open(self, op: Op, box_id: UUID, name: str) -> Box:
        """A decision that rests on one entity and writes another."""
        source = await op.find(self.boxes, box_id)
        if source.closed:
            raise BoxClosed(source.id)
        return await self.create(op, name)
