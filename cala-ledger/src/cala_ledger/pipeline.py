"""Many prepared statements as one pipeline: one round trip, one implicit transaction, committed at its Sync.

Guarantees: all of it or nothing. A refused statement, or a commit that fails, raises the error of its
SQLSTATE and leaves the connection usable; a lost connection raises `OperationalError`, and the outcome is
unknown.

Costs: per statement its encoded parameters and one call into libpq. psycopg's own cursors, made for
statements that come one by one, cost a short statement twice the CPU, and its own pipeline looks at the
socket after each.

What breaks it: anything else on the connection meanwhile (one owner, one run at a time), `DEALLOCATE` or a
pooler that swaps sessions. Bound: `MAX_PREPARED` texts a connection stay prepared; what comes later is
planned each time.
"""

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from re import compile as pattern
from typing import Any, Final, TypeAlias

from psycopg import AsyncConnection, OperationalError
from psycopg.abc import Buffer, PQGen
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus, Format
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Ready, Wait

MAX_PREPARED: Final = 500
_ATTRIBUTE: Final = "_cala_pipeline"
_PLACEHOLDER: Final = pattern("%(.?)")
_FORMATS: Final = {"b": PyFormat.BINARY, "s": PyFormat.AUTO}

Row: TypeAlias = tuple[Any, ...]
Connection: TypeAlias = AsyncConnection[Row]
Statement: TypeAlias = tuple[str, Sequence[object]]
Key: TypeAlias = tuple[str, tuple[int, ...]]


class Pipeline:
    """The pipelines of one connection, which is in no transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._transformer = Transformer(connection)
        self._names: dict[Key, bytes] = {}
        self._drawn = 0

    @classmethod
    def of(cls, connection: Connection) -> "Pipeline":
        """The connection's own, kept on it and gone with it."""
        beside = vars(connection)
        known = beside.get(_ATTRIBUTE)
        if known is None:
            known = beside[_ATTRIBUTE] = cls(connection)
        return known

    async def rows(self, text: str, params: Sequence[object] = ()) -> list[Row]:
        """One statement, its rows, its commit."""
        values, types, formats = self._dump(text, params)
        name = self._names.get((text, types))
        if name is None:
            return (await self.run([(text, params)], (0,)))[0]
        pgconn = self.connection.pgconn
        pgconn.send_query_prepared(name, values, formats, Format.BINARY)
        result = await self.connection.wait(_answer(pgconn))
        _raise_failed(result)
        return self._rows(result)

    async def run(
        self, statements: Sequence[Statement], answering: Collection[int] = ()
    ) -> dict[int, list[Row]]:
        """Run all in order and commit. Answers the rows of the statements at the positions `answering`."""
        dumped = [(text, *self._dump(text, params)) for text, params in statements]
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
            _raise_failed(result)
        answers = [result for command, result in zip(commands, results, strict=True) if command is None]
        return {position: self._rows(answers[position]) for position in answering}

    def _dump(
        self, text: str, params: Sequence[object]
    ) -> tuple[Sequence[Buffer | None], tuple[int, ...], Sequence[int]]:
        values = self._transformer.dump_sequence(params, numbered(text)[1])
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
                pgconn.send_query_params(numbered(text)[0], values, types, formats, Format.BINARY)
                yield None
                return
            self._drawn += 1
            name = self._names[key] = b"cala_%d" % self._drawn
            pgconn.send_prepare(name, numbered(text)[0], types)
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

    def _rows(self, result: PGresult) -> list[Row]:
        self._transformer.set_pgresult(result)
        return self._transformer.load_rows(0, result.ntuples, tuple)


def _raise_failed(result: PGresult) -> None:
    """The error of its SQLSTATE; without one the connection was lost."""
    if result.status == ExecStatus.FATAL_ERROR:
        if result.error_field(DiagnosticField.SQLSTATE) is None:
            raise OperationalError(result.get_error_message())
        raise error_from_result(result)


def _leave(pgconn: PGconn) -> None:
    """Who was cancelled in mid-answer leaves a connection nobody can go on with."""
    if pgconn.status != ConnStatus.OK:
        return
    try:
        pgconn.exit_pipeline_mode()
    except OperationalError:
        pgconn.finish()


@lru_cache(MAX_PREPARED)
def numbered(text: str) -> tuple[bytes, tuple[PyFormat, ...]]:
    """`%b` (binary) and `%s` (as psycopg sees fit) as PostgreSQL numbers parameters, and the format of each.
    ValueError for any other `%` (a modulo is `mod`, a pattern a value).
    """
    parts = _PLACEHOLDER.split(text)
    kinds = parts[1::2]
    if any(kind not in _FORMATS for kind in kinds):
        raise ValueError(f"placeholders are %b or %s and nothing else: {text}")
    said = "".join(f"{part}${number}" for number, part in enumerate(parts[:-1:2], 1)) + parts[-1]
    return said.encode(), tuple(_FORMATS[kind] for kind in kinds)


def _answer(pgconn: PGconn) -> PQGen[PGresult]:
    """Send what is queued, then read the answer of one command outside pipeline mode."""
    while pgconn.flush():
        if (yield Wait.RW) & Ready.R:
            pgconn.consume_input()
    while True:
        yield Wait.R
        pgconn.consume_input()
        if not pgconn.is_busy():
            break
    found = None
    while (result := pgconn.get_result()) is not None:
        found = result
    if found is None:
        raise OperationalError("the connection ended before its answer")
    return found


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
