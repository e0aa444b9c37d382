"""Commands on a real database: what is written, what is refused, what is repeated."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import msgspec
import pytest

from lana.lib.authz import Check, Ctx, Subject
from lana.lib.errors import IdempotencyKeyReused, NotFound, Refusal, StoredRefusal
from lana.lib.es.commands import MAX_TRIES, Commands
from lana.lib.es.op import Op
from lana.lib.pg.database import Database
from tests.support.box import FILL, Box, BoxClosed, Boxes, BoxService, NameTaken, create_tables

pytestmark = pytest.mark.asyncio


@pytest.fixture
def service(dsn: str, db: Database) -> BoxService:
    create_tables(dsn)
    return BoxService(Boxes(db))


async def count(db: Database, table: str) -> int:
    return (await db.fetch(f"select count(*) from {table}"))[0][0]


async def test_a_command_writes_entity_events_audit_row_and_outbox_together(
    service: BoxService, commands: Commands, ctx: Ctx, db: Database
) -> None:
    box = await commands.run(ctx, service.create, "one")
    await commands.run(ctx, service.fill, box.id, 5)
    stored = await service.boxes.peek(box.id)
    assert stored is not None
    assert (stored.total, stored.version, stored.name) == (5, 2, "one")
    assert stored.created_at == box.created_at
    history = await service.boxes.events(box.id, limit=10)
    assert [e.event_type for e in history] == ["filled", "initialized"]
    assert history[0].subject == str(ctx.subject)
    audit = await db.fetch("select id, subject, object, action, request_id from audit_entries order by id")
    assert history[0].audit_entry_id == audit[1][0]
    assert audit[1][1:] == (str(ctx.subject), "test/box/*", "test:box:fill", "test")
    outbox = await db.fetch("select sequence, module, type, payload from outbox")
    assert [(r[0], r[1], r[2]) for r in outbox] == [(1, "Test", "BoxFilled")]
    assert msgspec.json.decode(outbox[0][3])["entity"] == {"id": str(box.id), "amount": 5}
    assert await db.fetch("select label, tags from box_labels") == [("one", ["a", "b"])]
    rebuilt = await service.boxes.as_of(box.id)
    assert msgspec.json.encode(rebuilt) == msgspec.json.encode(stored)


async def test_an_entity_can_be_read_as_of_an_earlier_version(
    service: BoxService, commands: Commands, ctx: Ctx
) -> None:
    box = await commands.run(ctx, service.create, "one")
    await commands.run(ctx, service.fill, box.id, 5)
    await commands.run(ctx, service.fill, box.id, 7)
    earlier = await service.boxes.as_of(box.id, version=2)
    assert earlier is not None
    assert earlier.total == 5


async def test_a_refused_command_keeps_its_checks_and_nothing_else(
    service: BoxService, commands: Commands, ctx: Ctx, db: Database
) -> None:
    box = await commands.run(ctx, service.create, "one")
    await commands.run(ctx, service.close, box.id)
    with pytest.raises(BoxClosed):
        await commands.run(ctx, service.fill, box.id, 5)
    with pytest.raises(NotFound):
        await commands.run(ctx, service.fill, uuid4(), 5)
    assert await count(db, "audit_entries") == 4
    assert await count(db, "events") == 2
    assert await count(db, "outbox") == 0


async def test_a_taken_name_is_refused_also_when_two_ask_at_once(
    service: BoxService, commands: Commands, ctx: Ctx, db: Database
) -> None:
    results = await asyncio.gather(
        *(commands.run(ctx, service.create, "same") for _ in range(20)), return_exceptions=True
    )
    assert sum(not isinstance(r, BaseException) for r in results) == 1
    assert all(isinstance(r, NameTaken) for r in results if isinstance(r, BaseException))
    assert await count(db, "boxes") == 1
    assert await count(db, "audit_entries") == 20


async def test_two_deciders_on_one_version_both_take_effect_one_after_the_other(
    service: BoxService, commands: Commands, ctx: Ctx
) -> None:
    box = await commands.run(ctx, service.create, "hot")
    await asyncio.gather(*(commands.run(ctx, service.fill, box.id, 1) for _ in range(100)))
    stored = await service.boxes.peek(box.id)
    assert stored is not None
    assert (stored.total, stored.version) == (100, 101)
    assert service.runs > 100


async def test_a_decision_that_rests_on_an_entity_it_does_not_write_is_guarded(
    service: BoxService, commands: Commands, ctx: Ctx, db: Database
) -> None:
    for round_number in range(20):
        source = await commands.run(ctx, service.create, f"source {round_number}")
        copied, closed = await asyncio.gather(
            commands.run(ctx, service.copy_if_open, source.id, f"copy {round_number}"),
            commands.run(ctx, service.close, source.id),
            return_exceptions=True,
        )
        assert not isinstance(closed, BaseException)
        assert not isinstance(copied, BaseException) or isinstance(copied, BoxClosed)
        with pytest.raises(BoxClosed):
            await commands.run(ctx, service.copy_if_open, source.id, f"late {round_number}")


async def test_the_same_id_created_from_two_sides_is_created_once(
    service: BoxService, commands: Commands, ctx: Ctx, db: Database
) -> None:
    box_id = UUID(int=7)
    results = await asyncio.gather(
        *(commands.run(ctx, service.create, f"n{i}", box_id) for i in range(5)), return_exceptions=True
    )
    assert sum(not isinstance(r, BaseException) for r in results) == 1
    assert await count(db, "events") == 1


async def test_a_repeated_key_answers_the_first_outcome_and_does_nothing_twice(
    service: BoxService, commands: Commands, ctx: Ctx, db: Database
) -> None:
    box = await commands.run(ctx, service.create, "one")
    keyed = Ctx(subject=ctx.subject, idempotency_key="k1")
    results = await asyncio.gather(*(commands.run(keyed, service.fill, box.id, 5) for _ in range(10)))
    assert {(r.id, r.total, r.version) for r in results} == {(box.id, 5, 2)}
    await commands.run(ctx, service.fill, box.id, 1)
    again = await commands.run(keyed, service.fill, box.id, 5)
    assert (again.total, again.version) == (5, 2)
    assert await count(db, "outbox") == 2


async def test_a_repeated_key_with_other_content_is_refused(
    service: BoxService, commands: Commands, ctx: Ctx
) -> None:
    box = await commands.run(ctx, service.create, "one")
    keyed = Ctx(subject=ctx.subject, idempotency_key="k1")
    await commands.run(keyed, service.fill, box.id, 5)
    with pytest.raises(IdempotencyKeyReused):
        await commands.run(keyed, service.fill, box.id, 6)
    other = Ctx(subject=Subject.user(uuid4()), idempotency_key="k1")
    await commands.run(other, service.fill, box.id, 6)


async def test_a_refusal_is_an_outcome_too(service: BoxService, commands: Commands, ctx: Ctx) -> None:
    box = await commands.run(ctx, service.create, "one")
    keyed = Ctx(subject=ctx.subject, idempotency_key="k1")
    with pytest.raises(NotFound):
        await commands.run(keyed, service.fill, UUID(int=1), 5)
    with pytest.raises(StoredRefusal) as first:
        await commands.run(keyed, service.fill, UUID(int=1), 5)
    assert first.value.code == "NOT_FOUND"
    assert isinstance(first.value, Refusal)
    with pytest.raises(IdempotencyKeyReused):
        await commands.run(keyed, service.fill, box.id, 5)


async def test_a_caller_that_goes_away_does_not_stop_its_op(
    service: BoxService, commands: Commands, ctx: Ctx
) -> None:
    box = await commands.run(ctx, service.create, "one")
    submitted = asyncio.Event()
    submit = commands._committer.submit  # pyright: ignore[reportPrivateUsage]

    def noting(entry: object) -> object:
        submitted.set()
        return submit(entry)  # pyright: ignore[reportArgumentType]

    commands._committer.submit = noting  # pyright: ignore
    task = asyncio.create_task(commands.run(ctx, service.fill, box.id, 5))
    await submitted.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5):
        while (await service.boxes.peek(box.id)).total != 5:  # pyright: ignore
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("error", [ValueError, BoxClosed], ids=["fault", "refusal"])
async def test_what_reads_of_two_moments_gave_is_decided_again(
    service: BoxService, commands: Commands, ctx: Ctx, db: Database, error: type[Exception]
) -> None:
    """One box read before, the other after a command that changed both: what never was is no answer."""
    one, two = [await commands.run(ctx, service.create, name) for name in ("one", "two")]

    async def fill_both(op: Op) -> None:
        for box in (one, two):
            (await op.find(service.boxes, box.id)).fill(5)

    async def compare(op: Op) -> str:
        op.record(Check(op.subject, FILL, (), authorized=True))
        first = await op.find(service.boxes, one.id)
        if first.total == 0:
            await commands.run(ctx, fill_both)
        second = await op.find(service.boxes, two.id)
        if first.total != second.total:
            raise error(f"{first.total} and {second.total}")
        return "equal"

    before = await count(db, "audit_entries")
    assert await commands.run(ctx, compare) == "equal"
    assert await count(db, "audit_entries") == before + 1, "the answer that never was left no trace"


async def test_a_decision_that_rests_on_there_being_no_other_is_guarded(
    service: BoxService, commands: Commands, ctx: Ctx
) -> None:
    """Another is added between the look and the commit, by a command that guards what this one writes."""
    box, other = await commands.run(ctx, service.create, "one"), uuid4()
    numbers: list[int] = []

    async def add(op: Op) -> None:
        await op.find(service.boxes, box.id)
        await service.create(op, "other", other)

    async def close_if_alone(op: Op) -> Box:
        numbers.append(0 if await service.boxes.peek(other) is None else 1)
        op.guard_number(Boxes.table, "id", other, numbers[-1])
        if len(numbers) == 1:
            await commands.run(ctx, add)
        if numbers[-1]:
            raise BoxClosed("not alone")
        return await service.close(op, box.id)

    with pytest.raises(BoxClosed, match="not alone"):
        await commands.run(ctx, close_if_alone)
    assert numbers == [0, 1]
    stored = await service.boxes.peek(box.id)
    assert stored
    assert not stored.closed


@pytest.mark.parametrize("error", [ValueError, BoxClosed], ids=["fault", "refusal"])
async def test_what_reads_that_still_hold_gave_is_raised_at_once(
    service: BoxService, commands: Commands, ctx: Ctx, error: type[Exception]
) -> None:
    box = await commands.run(ctx, service.create, "one")
    tries = 0

    async def fail(op: Op) -> None:
        nonlocal tries
        tries += 1
        (await op.find(service.boxes, box.id)).fill(5)
        raise error("no")

    with pytest.raises(error, match="no"):
        await commands.run(ctx, fail)
    assert tries == 1
    stored = await service.boxes.peek(box.id)
    assert stored
    assert stored.total == 0, "what was told before is not written"


async def test_a_refusal_on_what_never_stops_changing_is_given_in_the_end(
    service: BoxService, commands: Commands, ctx: Ctx
) -> None:
    box = await commands.run(ctx, service.create, "one")

    async def refuse(op: Op) -> None:
        await op.find(service.boxes, box.id)
        await commands.run(ctx, service.fill, box.id, 1)
        raise BoxClosed("always")

    with pytest.raises(BoxClosed, match="always"):
        await commands.run(ctx, refuse)
    stored = await service.boxes.peek(box.id)
    assert stored
    assert stored.total == MAX_TRIES
