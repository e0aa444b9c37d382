"""The connection whose reader stays: cancellation, loss, silence and idle chatter."""

import asyncio
import os
from collections.abc import AsyncIterator

import psycopg
import pytest

from cala_ledger.pipeline import Pipeline
from cala_ledger.steady import SteadyConnection


@pytest.fixture
async def steady(dsn: str) -> AsyncIterator[SteadyConnection]:
    async with await SteadyConnection.connect(dsn, autocommit=True) as opened:
        yield opened


async def kill(dsn: str, connection: SteadyConnection) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as other:
        await other.execute("select pg_terminate_backend(%s)", [connection.info.backend_pid])


async def answer(connection: SteadyConnection) -> object:
    row = await (await connection.execute("select 42")).fetchone()
    return row and row[0]


async def test_who_is_cancelled_stops_the_server_and_keeps_the_connection(steady: SteadyConnection) -> None:
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await steady.execute("select pg_sleep(60)")
        assert await answer(steady) == 42


async def test_a_connection_lost_while_waiting_is_an_operational_error(
    dsn: str, steady: SteadyConnection
) -> None:
    waiting = asyncio.create_task(steady.execute("select pg_sleep(60)"))
    await asyncio.sleep(0)
    await kill(dsn, steady)
    with pytest.raises(psycopg.OperationalError):
        await waiting
    assert steady.closed


async def test_sockets_that_get_the_number_of_a_lost_one_are_heard(dsn: str) -> None:
    """A reader left behind would make the next connection with its number wait for ever."""
    numbers: set[int] = set()
    for turn in range(20):
        connection = await SteadyConnection.connect(dsn, autocommit=True)
        numbers.add(connection.fileno())
        assert await answer(connection) == 42
        if turn % 2:
            await kill(dsn, connection)
            with pytest.raises(psycopg.OperationalError):
                await answer(connection)
        await connection.close()
    assert len(numbers) < 20, "no number came again: the test proves nothing"


async def test_what_is_said_while_nobody_waits_is_heard_by_who_waits_next(
    dsn: str, steady: SteadyConnection
) -> None:
    await steady.execute("listen news")
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as other:
        await other.execute("notify news, 'first'")
    async with asyncio.timeout(10):
        async for note in steady.notifies():
            assert note.payload == "first"
            break
    assert await answer(steady) == 42


async def test_both_sides_with_full_buffers(steady: SteadyConnection) -> None:
    text = os.urandom(3_000_000).hex()
    for _ in range(3):
        row = await (await steady.execute("select %s || ''", [text])).fetchone()
        assert row == (text,)


async def test_cursors_pipelines_copies_and_transactions_are_psycopgs(steady: SteadyConnection) -> None:
    await steady.execute("create temp table t (n int8)")
    async with steady.cursor().copy("copy t from stdin") as copy:
        for number in range(10_000):
            await copy.write_row((number,))
    async with steady.transaction(force_rollback=True):
        await steady.execute("delete from t")
    async with steady.pipeline():
        cursors = [await steady.execute("select sum(n) from t") for _ in range(50)]
    assert {(await cursor.fetchone()) for cursor in cursors} == {(49_995_000,)}
    rows = [row async for row in steady.cursor().stream("select n from t")]
    assert len(rows) == 10_000
    assert await Pipeline.of(steady).rows("select count(*) from t") == [(10_000,)]
