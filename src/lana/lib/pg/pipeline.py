"""Many prepared statements as one pipeline: one round trip, one implicit transaction, committed at its Sync.

Guarantees: all of it or nothing. A refused statement, or a commit that fails, raises the error of its
SQLSTATE and leaves the connection usable; a lost connection raises `OperationalError`, and the outcome is
unknown.

Costs: per statement its encoded parameters and one call into libpq. psycopg's own pipeline, made for
statements that come one by one, looks at the socket after each and keeps a cursor for each: several times the
CPU for a batch.

What breaks it: anything else on the connection meanwhile (one owner, one run at a time), `DEALLOCATE` or a
pooler that swaps sessions. Bound: `MAX_PREPARED` texts a connection stay prepared; what comes later is
planned each time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from typing import Any

from psycopg import AsyncConnection, OperationalError
from psycopg.abc import Buffer, PQGen
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, Format
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Ready, Wait

MAX_PREPARED = 500
ATTRIBUTE = "_lana_pipeline"

Connection = AsyncConnection[tuple[Any, ...]]
Statement = tuple[str, Sequence[object]]
Rows = list[tuple[Any, ...]]
Key = tuple[str, tuple[int, ...]]


class Pipeline:
    """The pipelines of one connection, which is in autocommit."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._transformer = Transformer(connection)
        self._names: dict[Key, bytes] = {}
        self._drawn = 0

    @classmethod
    def of(cls, connection: Connection) -> Pipeline:
        """The connection's own, kept on it and gone with it."""
        beside = vars(connection)
        known = beside.get(ATTRIBUTE)
        if known is None:
            known = beside[ATTRIBUTE] = cls(connection)
        return known

    async def run(self, statements: Sequence[Statement], answering: Collection[int] = ()) -> dict[int, Rows]:
        """Run all in order and commit. Answers the rows of the statements at the positions `answering`."""
        dumped = [(text, *self._dump(params)) for text, params in statements]
        pgconn = self.connection.pgconn
        pgconn.enter_pipeline_mode()
        commands = [command for one in dumped for command in self._send(pgconn, *one)]
        pgconn.pipeline_sync()
        try:
            results = await self.connection.wait(_exchange(pgconn))
        finally:
            _leave(pgconn)
        self._forget_failed(commands, results)
        for result in results:
            if result.status == ExecStatus.FATAL_ERROR:
                raise error_from_result(result)
        answers = [result for command, result in zip(commands, results, strict=True) if command is None]
        return {position: self._rows(answers[position]) for position in answering}

    def _dump(
        self, params: Sequence[object]
    ) -> tuple[Sequence[Buffer | None], tuple[int, ...], Sequence[int]]:
        values = self._transformer.dump_sequence(params, [PyFormat.BINARY] * len(params))
        return values, self._transformer.types or (), self._transformer.formats or ()

    def _send(
        self,
        pgconn: PGconn,
        text: str,
        values: Sequence[Buffer | None],
        types: tuple[int, ...],
        formats: Sequence[int],
    ) -> Iterator[Key | None]:
        """Queue a statement, and before its first run its preparation. One item a command: the key prepared,
        or None.
        """
        key = (text, types)
        name = self._names.get(key)
        if name is None:
            if len(self._names) >= MAX_PREPARED:
                pgconn.send_query_params(numbered(text), values, types, formats, Format.BINARY)
                yield None
                return
            self._drawn += 1
            name = self._names[key] = b"lana_%d" % self._drawn
            pgconn.send_prepare(name, numbered(text), types)
            yield key
        pgconn.send_query_prepared(name, values, formats, Format.BINARY)
        yield None

    def _forget_failed(self, commands: Sequence[Key | None], results: Sequence[PGresult]) -> None:
        """A preparation that failed, or stood behind what failed, is not there. A commit may fail after all
        others.
        """
        for command, result in zip(commands, results, strict=False):
            if command is not None and result.status != ExecStatus.COMMAND_OK:
                del self._names[command]

    def _rows(self, result: PGresult) -> Rows:
        self._transformer.set_pgresult(result)
        return self._transformer.load_rows(0, result.ntuples, tuple)


def _leave(pgconn: PGconn) -> None:
    """Who was cancelled in mid-answer leaves a connection nobody can go on with."""
    if pgconn.status != ConnStatus.OK:
        return
    try:
        pgconn.exit_pipeline_mode()
    except OperationalError:
        pgconn.finish()


@lru_cache(MAX_PREPARED)
def numbered(text: str) -> bytes:
    """`%b` as PostgreSQL numbers parameters. ValueError for any other `%` (a modulo is `mod`, a pattern a
    value).
    """
    parts = text.split("%b")
    if any("%" in part for part in parts):
        raise ValueError(f"placeholders are %b and nothing else: {text}")
    return (
        "".join(f"{part}${number}" for number, part in enumerate(parts[:-1], 1)).encode() + parts[-1].encode()
    )


def _exchange(pgconn: PGconn) -> PQGen[list[PGresult]]:
    """Send what is queued, then read up to the Sync: one result a command, and one more
    if the commit failed.
    """
    while pgconn.flush():
        if (yield Wait.RW) & Ready.R:
            pgconn.consume_input()  # or both sides would wait with full buffers
    results: list[PGresult] = []
    while True:
        ended = 0
        while not pgconn.is_busy():
            result = pgconn.get_result()
            if result is None:
                ended += 1
                if ended > 1:
                    raise OperationalError("the connection ended within a pipeline")
                continue
            if result.status == ExecStatus.PIPELINE_SYNC:
                return results
            ended = 0
            results.append(result)
        yield Wait.R
        pgconn.consume_input()
