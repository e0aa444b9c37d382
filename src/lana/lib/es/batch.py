"""A batch: many Ops as one pipeline of set-based statements, one round trip, one implicit transaction.

Order, and so the order of locks, is the same for every batch of every process:

1. per state table in name order, its rows in id order: *lock*, and in the next statement *check* the
   versions. Never both in one statement: a statement sees the snapshot it began with, not what the lock's
   last holder wrote. Where any Op of the batch writes the table, all its rows are locked in the strong mode,
   guards too: two modes in two statements could deadlock across batches.
2. `begin_batch`: keys, then claims, both sorted. The INSERT of a key waits for a transaction in doubt; a
   SELECT lies.
3. the ledger: open accounts, then post with status changes (its own doctrine). Refused groups are buried.
4. `write_batch`: audit and events of the living; then jobs, state tables, row tables, none of which locks
   anything new.
5. the outbox, last: its lock is held for a flush and no longer.

An Op found dead on the way (stale, repeated, claim taken, refused by the ledger) drops out with its own
answer and leaves nothing behind. Where accounts it opened would stay, the batch is undone and written again
without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec

import cala_ledger
from cala_ledger.wire import UuidArray
from lana.lib.es.entity import event_name
from lana.lib.es.op import Op
from lana.lib.es.repo import Repo
from lana.lib.es.table import PgType, RowTable, arrays

DEAD = "current_setting('lana.dead')::int8[]"
UNDONE = "LN002"
"""SQLSTATE of a batch undone because the ledger refused Ops whose accounts were open by then. The error's
detail says which and why, as JSON.
"""
Statement = tuple[str, Sequence[object]]

KEY: tuple[PgType, ...] = ("int8", "text", "text", "uuid")
CLAIM: tuple[PgType, ...] = ("int8", "text", "text")
AUDIT: tuple[PgType, ...] = ("int8", "text", "text", "text", "bool", "text", "text", "text", "text")
EVENT: tuple[PgType, ...] = (
    *("int8", "text", "uuid", "int8", "text", "text", "text", "text", "timestamptz"),
)


def marks(count: int) -> str:
    """Placeholders of arrays that carry their own types."""
    return ", ".join(["%b"] * count)


# nobody can die in a batch that only audits, so it needs none of the functions
AUDIT_ALONE = (
    "insert into audit_entries (subject, object, action, authorized, object_ids, client_address, request_id,"
    " idempotency_key) select x.subject, x.object, x.action, x.authorized,"
    " array(select jsonb_array_elements_text(x.ids::jsonb))::uuid[], x.address, x.request, x.key"
    " from unnest(%b, %b, %b, %b, %b, %b, %b, %b, %b)"
    " as x(op, subject, object, action, authorized, ids, address, request, key)"
)


class Ticket(msgspec.Struct, frozen=True):
    """What makes an Op repeatable: whose key, which attempt, of what content, with what outcome."""

    subject: str
    key: str
    op_id: Any
    digest: bytes
    outcome: str


class Entry(msgspec.Struct, frozen=True):
    """One Op in a batch. Without a ticket it holds checks and what they rest on (the audit of reads and
    refusals), and a lost connection may write them twice.
    """

    op: Op
    ticket: Ticket | None

    @property
    def audits_alone(self) -> bool:
        """Whether it is nothing but rows of the audit."""
        return self.ticket is None and not self.op.seen

    def size(self) -> tuple[int, int]:
        """Ledger transactions and an estimate of bytes."""
        rows = (
            len(self.op.tracked) * 3
            + len(self.op.seen)
            + len(self.op.postings) * 6
            + len(self.op.events)
            + len(self.op.checks)
        )
        return len(self.op.postings), rows * 300


class Statements:
    """The pipeline being assembled. `answers` names the statements whose rows say which Ops died."""

    def __init__(self) -> None:
        self.list: list[Statement] = []
        self.answers: dict[int, str] = {}

    def add(self, sql: str, params: Sequence[object], *, answer: str | None = None) -> None:
        if answer:
            self.answers[len(self.list)] = answer
        self.list.append((sql, params))


def assemble(entries: Sequence[Entry]) -> Statements:
    """The whole pipeline of a batch. Op numbers are positions in `entries`."""
    out = Statements()
    if all(entry.audits_alone for entry in entries):
        out.add(AUDIT_ALONE, arrays(_audit_rows(entries), *AUDIT))
        return out
    _lock_and_check(out, entries)
    held = _Held(entries)
    _begin(out, held)
    _ledger(out, entries)
    _write(out, entries, held)
    _rows(out, entries)
    _outbox(out, entries)
    return out


def _lock_and_check(out: Statements, entries: Sequence[Entry]) -> None:
    tables: dict[str, list[tuple[int, Any, int]]] = {}
    written: set[str] = set()
    for number, entry in enumerate(entries):
        for tracked in entry.op.tracked.values():
            table, entity = tracked.repo.table, tracked.entity
            tables.setdefault(table, []).append((number, entity.id, entity.stored_version))
            if entity.pending:
                written.add(table)
        for seen in entry.op.seen:
            tables.setdefault(seen.table, []).append((number, seen.id, seen.version))
    for table in sorted(tables):
        rows = tables[table]
        mode = "no key update" if table in written else "share"
        known = [entity_id for _, entity_id, version in rows if version]
        if known:
            out.add(f"select from {table} where id = any(%b) order by id for {mode}", [UuidArray(known)])
        _conflicts(
            out,
            "from unnest(%b, %b, %b) as c(op, id, version)"
            f" left join {table} t on t.id = c.id where coalesce(t.version, 0) <> c.version",
            arrays(rows, "int8", "uuid", "int8"),
        )
    _check_balances(out, entries)
    _check_numbers(out, entries)


def _conflicts(out: Statements, from_where: str, params: Sequence[object]) -> None:
    """Ops of rows `c` that are not as they were found, into `lana.conf`."""
    out.add(
        "select set_config('lana.conf', concat_ws(',', nullif(current_setting('lana.conf', true), ''),"
        f" string_agg(c.op::text, ',')), true) {from_where}",
        params,
    )


def _check_balances(out: Statements, entries: Sequence[Entry]) -> None:
    """In a statement after the locks: who would change the balance guards an entity locked above, so it
    stands still.
    """
    rows = [
        (n, guard.account_id, guard.currency, guard.settled, guard.pending)
        for n, entry in enumerate(entries)
        for guard in entry.op.balances
    ]
    if rows:
        _conflicts(
            out,
            "from unnest(%b, %b, %b, %b, %b) as c(op, account_id, currency, settled, pending)"
            " left join cala.balances b on b.account_id = c.account_id and b.currency = c.currency"
            " where coalesce(b.settled_credit - b.settled_debit, 0) <> c.settled"
            " or coalesce(b.pending_credit - b.pending_debit, 0) <> c.pending",
            arrays(rows, "int8", "uuid", "text", "int8", "int8"),
        )


def _check_numbers(out: Statements, entries: Sequence[Entry]) -> None:
    """Likewise after the locks: who would add a row guards an entity locked above, so none is added now."""
    guards: dict[tuple[str, str], list[tuple[int, UUID, int]]] = {}
    for number, entry in enumerate(entries):
        for guard in entry.op.numbers:
            rows = guards.setdefault((guard.table, guard.column), [])
            rows.append((number, guard.parent_id, guard.number))
    for table, column in sorted(guards):
        _conflicts(
            out,
            "from unnest(%b, %b, %b) as c(op, parent, number)"
            f" where (select count(*) from {table} t where t.{column} = c.parent) <> c.number",
            arrays(guards[table, column], "int8", "uuid", "int8"),
        )


class _Held:
    """Keys and claims of a batch as arrays: taken first, given back by the dead in the end."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        tickets = [(n, e.ticket) for n, e in enumerate(entries) if e.ticket]
        self.keys = arrays([(n, t.subject, t.key, t.op_id) for n, t in tickets], *KEY)
        self.contents = arrays([(t.digest, t.outcome) for _, t in tickets], "bytea", "text")
        self.claims = arrays(
            [(n, c.space, c.value) for n, e in enumerate(entries) for c in e.op.claims], *CLAIM
        )


def _begin(out: Statements, held: _Held) -> None:
    out.add(
        f"select * from begin_batch({marks(9)})",
        [*held.keys, *held.contents, *held.claims],
        answer="begin",
    )


def _ledger(out: Statements, entries: Sequence[Entry]) -> None:
    accounts = [(n, e.op.accounts) for n, e in enumerate(entries) if e.op.accounts]
    if accounts:
        _answering(out, cala_ledger.open_accounts_statement(accounts, skip_sql=DEAD))
    groups = [(n, e.op.postings) for n, e in enumerate(entries) if e.op.postings or e.op.status_changes]
    if groups:
        changes = [(n, change) for n, e in enumerate(entries) for change in e.op.status_changes]
        recorded_at = max(e.op.now for e in entries)
        statement = cala_ledger.post_statement(
            groups, status_changes=changes, recorded_at=recorded_at, skip_sql=DEAD
        )
        if accounts:
            _undoing(out, statement, [n for n, _ in accounts])
        else:
            _answering(out, statement)


def _answering(out: Statements, statement: Statement) -> None:
    """Refused groups are buried."""
    sql, params = statement
    out.add(
        f"with r as materialized ({sql}) select r.group_no, r.code, r.detail::text, bury(r.group_no) from r",
        params,
        answer="ledger",
    )


def _undoing(out: Statements, statement: Statement, opened: Sequence[int]) -> None:
    """Refused groups are buried; where one has opened accounts, all of the batch is undone (`UNDONE`)."""
    sql, params = statement
    out.add(
        f"with r as materialized ({sql}), o as materialized (select undo(json_agg(json_build_object("
        "'op', r.group_no, 'code', r.code, 'detail', r.detail::text))) from r"
        " where r.group_no = any(%b::int8[]) having count(*) > 0)"
        " select r.group_no, r.code, r.detail::text, bury(r.group_no)"
        " from r where not exists (select from o)",
        [*params, list(opened)],
        answer="ledger",
    )


def _write(out: Statements, entries: Sequence[Entry], held: _Held) -> None:
    events = [row for n, e in enumerate(entries) for row in _event_rows(n, e)]
    out.add(
        f"select write_batch({marks(25)})",
        [*held.keys, *held.claims, *arrays(_audit_rows(entries), *AUDIT), *arrays(events, *EVENT)],
    )


def _audit_rows(entries: Sequence[Entry]) -> list[tuple[object, ...]]:
    return [
        (
            n,
            str(check.subject),
            check.object,
            str(check.action),
            check.authorized,
            msgspec.json.encode(check.object_ids).decode(),
            e.op.ctx.client_address,
            e.op.ctx.request_id or None,
            e.op.ctx.idempotency_key,
        )
        for n, e in enumerate(entries)
        for check in e.op.checks
    ]


def _event_rows(number: int, entry: Entry) -> Iterable[tuple[object, ...]]:
    op = entry.op
    context = op.context.decode()
    for tracked in op.tracked.values():
        entity = tracked.entity
        for sequence, event in enumerate(entity.pending, entity.stored_version + 1):
            tag = event_name(event)
            data = msgspec.json.encode(event).decode()
            yield (number, entity.kind, entity.id, sequence, tag, data, str(op.subject), context, op.now)


def _rows(out: Statements, entries: Sequence[Entry]) -> None:
    released = [(n, s, v) for n, e in enumerate(entries) for s, v in e.op.released]
    if released:
        out.add(f"select release_claims({marks(3)})", arrays(released, *CLAIM))
    jobs = [
        (n, j.queue, j.name, j.lock, msgspec.json.encode(j.args).decode())
        for n, e in enumerate(entries)
        for j in e.op.jobs
    ]
    if jobs:
        out.add(f"select defer_jobs({marks(5)})", arrays(jobs, "int8", "text", "text", "text", "text"))
    states: dict[str, tuple[Repo[Any], list[tuple[object, ...]]]] = {}
    others: dict[str, tuple[RowTable, list[tuple[object, ...]]]] = {}
    for n, e in enumerate(entries):
        for tracked in e.op.tracked.values():
            if tracked.entity.pending:
                rows = states.setdefault(tracked.repo.table, (tracked.repo, []))[1]
                rows.append((n, *tracked.repo.row_of(tracked.entity)))
        for table, values in e.op.rows:
            others.setdefault(table.name, (table, []))[1].append((n, *values))
    for _, (repo, rows) in sorted(states.items()):
        out.add(repo.upsert, arrays(rows, *repo.types))
    for _, (table, rows) in sorted(others.items()):
        out.add(table.upsert, arrays(rows, *table.types))
    for n, e in enumerate(entries):
        for sql, params in e.op.statements:
            out.add(sql, [n, *params])


def _outbox(out: Statements, entries: Sequence[Entry]) -> None:
    rows = [
        (n, event.module, type(event).__name__, event.encode().decode(), e.op.context.decode(), e.op.now)
        for n, e in enumerate(entries)
        for event in e.op.events
    ]
    if rows:
        out.add(
            f"select append_outbox({marks(6)})",
            arrays(rows, "int8", "text", "text", "text", "text", "timestamptz"),
        )
