"""Many statements, one round trip, one transaction."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

import psycopg
import pytest
from psycopg.adapt import PyFormat
from psycopg.errors import CheckViolation, QueryCanceled, UniqueViolation
from psycopg.pq import PipelineStatus

from cala_ledger.pipeline import Connection, Pipeline, numbered
from cala_ledger.steady import SteadyConnection

PUT = "insert into numbers values (%b::int8)"
ALL = "select array_agg(n order by n) from numbers"


KINDS: dict[str, type[Connection]] = {"psycopg's": psycopg.AsyncConnection, "steady": SteadyConnection}


@pytest.fixture(params=KINDS)
async def pipeline(dsn: str, request: pytest.FixtureRequest) -> AsyncIterator[Pipeline]:
    connection = await KINDS[request.param].connect(dsn, autocommit=True)
    await connection.execute(
        "create temp table numbers (n int8 primary key check (n > 0),"
        " late int8 unique deferrable initially deferred default 1)"
    )
    yield Pipeline(connection)
    await connection.close()


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await condition():
            await asyncio.sleep(0.02)


async def stored(pipeline: Pipeline) -> list[int] | None:
    return (await pipeline.run([(ALL, ())], (0,)))[0][0][0]


async def test_rows_come_from_the_statements_that_are_asked(pipeline: Pipeline) -> None:
    found = await pipeline.run([(PUT, [7]), (ALL, ()), ("select %b::text, %b::int8", ["ü", None])], (1, 2))
    assert found == {1: [([7],)], 2: [("ü", None)]}


async def test_one_statement_alone_is_prepared_once_and_commits(pipeline: Pipeline) -> None:
    for number in range(1, 4):
        assert await pipeline.rows(
            "insert into numbers values (%b::int8, %b::int8) returning n", [number] * 2
        ) == [(number,)]
    assert await pipeline.rows(ALL) == [([1, 2, 3],)]
    prepared = await pipeline.rows(
        "select count(*) from pg_prepared_statements where starts_with(statement, 'insert')"
    )
    assert prepared == [(1,)]


async def test_a_refused_statement_alone_leaves_the_connection_usable(pipeline: Pipeline) -> None:
    for _ in range(3):
        with pytest.raises(CheckViolation):
            await pipeline.rows(PUT, [-1])
        assert await pipeline.rows("select 1::int8") == [(1,)]


async def test_a_refused_statement_undoes_all_and_the_connection_goes_on(pipeline: Pipeline) -> None:
    for _ in range(2):
        with pytest.raises(CheckViolation):
            await pipeline.run([(PUT, [1]), (PUT, [-1]), (ALL, ())], (2,))
        assert await stored(pipeline) is None
    await pipeline.run([(PUT, [2])])
    assert await stored(pipeline) == [2]


async def test_a_commit_that_fails_is_an_error_although_every_statement_went_well(pipeline: Pipeline) -> None:
    with pytest.raises(UniqueViolation):
        await pipeline.run([(PUT, [1]), (PUT, [2])])
    assert await stored(pipeline) is None


async def test_a_statement_that_cannot_be_prepared_is_not_thought_prepared(pipeline: Pipeline) -> None:
    later = ("select count(*) from later", ())
    with pytest.raises(psycopg.errors.UndefinedTable):
        await pipeline.run([later])
    await pipeline.connection.execute("create temp table later ()")
    assert await pipeline.run([later], (0,)) == {0: [(0,)]}


async def test_more_than_the_sockets_buffers_hold_goes_both_ways(pipeline: Pipeline) -> None:
    text = "x" * 4_000_000
    found = await pipeline.run([("select %b::text", [text])] * 8, range(8))
    assert all(found[position] == [(text,)] for position in range(8))


async def test_statements_beyond_those_kept_prepared_still_run(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cala_ledger.pipeline.MAX_PREPARED", 2)
    for number in range(5):
        assert await pipeline.run([(f"select {number}::int8 + %b::int8", [1])], (0,)) == {0: [(number + 1,)]}


async def test_who_is_cancelled_leaves_a_connection_others_can_use(dsn: str, pipeline: Pipeline) -> None:
    mark = uuid4().hex
    sleeping = asyncio.create_task(pipeline.run([(f"select pg_sleep(60) as m{mark}", ())]))
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as watching:

        async def asleep() -> bool:
            found = await watching.execute(
                "select count(*) from pg_stat_activity where query like %s and wait_event = 'PgSleep'",
                [f"select pg_sleep%{mark}%"],
            )
            row = await found.fetchone()
            return bool(row and row[0])

        await eventually(asleep)
    sleeping.cancel()
    with pytest.raises((asyncio.CancelledError, QueryCanceled)):
        await sleeping
    assert pipeline.connection.pgconn.pipeline_status == PipelineStatus.OFF
    assert await stored(pipeline) is None


async def test_a_lost_connection_is_an_operational_error(dsn: str, pipeline: Pipeline) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as other:
        await other.execute("select pg_terminate_backend(%s)", [pipeline.connection.info.backend_pid])
    with pytest.raises(psycopg.OperationalError):
        await pipeline.run([(ALL, ())])


async def test_a_connection_lost_at_one_statement_is_an_operational_error(
    dsn: str, pipeline: Pipeline
) -> None:
    assert await pipeline.rows(ALL) == [(None,)]
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as other:
        await other.execute("select pg_terminate_backend(%s)", [pipeline.connection.info.backend_pid])
    with pytest.raises(psycopg.OperationalError):
        await pipeline.rows(ALL)


def test_only_placeholders_may_be_percent_signs() -> None:
    text, formats = numbered("select %b, %s::text")
    assert text == b"select $1, $2::text"
    assert formats == (PyFormat.BINARY, PyFormat.AUTO)
    with pytest.raises(ValueError, match="placeholders"):
        numbered("select 5 % 2")
