"""The ledger's part of a host's pipeline: statement texts that never change, and their params.

Each function answers `(sql, params)` for psycopg with binary placeholders (`%b`). Params carry their own
types (see `wire`), so a text is one prepared statement whatever it is given and needs no adapters of the
host. `skip_sql` is an SQL expression of type int8[]: the numbers of groups to leave out, known only to the
server by then. A row of the answer is `(group_no, code, detail)` of a refused group; `cala_ledger.refusal`
makes the error of it.

Within one database transaction: openings first, then one posting call with its status changes. The order of
locks (see migrations/sql/functions/post.sql) holds across calls only then. Isolation must be READ COMMITTED.
"""

from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from typing import Final, TypeAlias
from uuid import UUID

from cala_ledger.model import Direction, Layer, NewAccount, NewSet, PreparedTransaction, StatusChange
from cala_ledger.pipeline import Statement
from cala_ledger.templates import MAX_KEY, MAX_TEXT, encode_metadata, storable
from cala_ledger.wire import (
    BoolArray,
    BytesAsUuidArray,
    DateArray,
    Int8Array,
    TextArray,
    TimestamptzArray,
    UuidArray,
)

NO_GROUPS: Final = "'{}'::int8[]"


# What transactions, and entries, have in common with others of their call.
_Head: TypeAlias = tuple[str, UUID, date, str | None]
_Kind: TypeAlias = tuple[str, Layer, Direction, str, str | None]


@cache
def _call(function: str, params: int, skip_sql: str) -> str:
    placeholders = ", ".join(["%b"] * params)
    return f"SELECT group_no, code, detail FROM cala.{function}({placeholders}, skip_groups => {skip_sql})"


def post_statement(
    groups: Sequence[tuple[int, Sequence[PreparedTransaction]]],
    *,
    status_changes: Sequence[tuple[int, StatusChange]] = (),
    recorded_at: datetime | None = None,
    skip_sql: str = NO_GROUPS,
) -> Statement:
    """Post groups of prepared transactions, in order of decision, each group whole or not at all.

    `status_changes` belong to groups named in `groups` (with no transactions, if need be): an account is
    closed to a group's postings only if it was locked before and the group does not unlock it. `recorded_at`
    None: the database's clock.
    """
    number = {group: i for i, (group, _) in enumerate(groups, 1)}
    tx = [(number[group], each) for group, transactions in groups for each in transactions]
    en = [(i, n, entry) for i, (_, each) in enumerate(tx, 1) for n, entry in enumerate(each.entries, 1)]
    heads: dict[_Head, int] = {}
    kinds: dict[_Kind, int] = {}
    tx_head = [
        heads.setdefault((each.template, each.journal_id, each.effective, each.description), len(heads) + 1)
        for _, each in tx
    ]
    en_kind = [
        kinds.setdefault(
            (entry.entry_type, entry.layer, entry.direction, entry.currency, entry.description),
            len(kinds) + 1,
        )
        for _, _, entry in en
    ]
    params: tuple[object, ...] = (
        Int8Array([group for group, _ in groups]),
        TimestamptzArray([] if recorded_at is None else [recorded_at]),
        TextArray([template for template, _, _, _ in heads]),
        UuidArray([journal_id for _, journal_id, _, _ in heads]),
        DateArray([effective for _, _, effective, _ in heads]),
        TextArray([description for _, _, _, description in heads]),
        Int8Array([g for g, _ in tx]),
        UuidArray([each.id for _, each in tx]),
        Int8Array(tx_head),
        TextArray(_unless_void([each.metadata for _, each in tx])),
        TextArray(_unless_void([each.external_id for _, each in tx])),
        TextArray(_unless_void([each.correlation_id for _, each in tx])),
        UuidArray([each.reverses for _, each in tx] if any(each.reverses for _, each in tx) else []),
        BytesAsUuidArray([each.digest for _, each in tx]),
        Int8Array([len(each.entries) for _, each in tx]),
        TextArray([entry_type for entry_type, _, _, _, _ in kinds]),
        TextArray([layer.value for _, layer, _, _, _ in kinds]),
        TextArray([direction.value for _, _, direction, _, _ in kinds]),
        TextArray([currency for _, _, _, currency, _ in kinds]),
        TextArray([description for _, _, _, _, description in kinds]),
        Int8Array([i for i, _, _ in en]),
        Int8Array([n for _, n, _ in en]),
        UuidArray([entry.account_id for _, _, entry in en]),
        Int8Array(en_kind),
        Int8Array([entry.amount for _, _, entry in en]),
        Int8Array([number[group] for group, _ in status_changes]),
        UuidArray([change.account_id for _, change in status_changes]),
        TextArray([change.status.value for _, change in status_changes]),
    )
    return _call("post", len(params), skip_sql), params


def open_accounts_statement(
    groups: Sequence[tuple[int, Sequence[NewAccount | NewSet]]], *, skip_sql: str = NO_GROUPS
) -> Statement:
    """Open accounts and sets with their memberships and limits. Raises InvalidText before anything is
    sent."""
    ac = [(g, each) for g, (_, accounts) in enumerate(groups, 1) for each in accounts]
    me = [(i, parent) for i, (_, each) in enumerate(ac, 1) for parent in each.sets]
    li = [(i, limit) for i, (_, each) in enumerate(ac, 1) for limit in each.limits]
    params: tuple[object, ...] = (
        Int8Array([group for group, _ in groups]),
        Int8Array([g for g, _ in ac]),
        UuidArray([each.id for _, each in ac]),
        UuidArray([each.journal_id for _, each in ac]),
        BoolArray([isinstance(each, NewSet) for _, each in ac]),
        TextArray([_maybe("code", each.code, MAX_KEY) for _, each in ac]),
        TextArray([_maybe("external_id", each.external_id, MAX_KEY) for _, each in ac]),
        TextArray([storable("name", each.name) for _, each in ac]),
        TextArray([_maybe("description", each.description) for _, each in ac]),
        TextArray([each.normal_side.value for _, each in ac]),
        TextArray([encode_metadata(each.metadata) for _, each in ac]),
        TimestamptzArray([each.created_at for _, each in ac]),
        Int8Array([i for i, _ in me]),
        UuidArray([parent for _, parent in me]),
        Int8Array([i for i, _ in li]),
        UuidArray([limit for _, limit in li]),
    )
    return _call("open_accounts", len(params), skip_sql), params


def set_status_statement(
    groups: Sequence[tuple[int, Sequence[StatusChange]]], *, skip_sql: str = NO_GROUPS
) -> Statement:
    """Lock and unlock accounts where the same database transaction posts nothing; else see
    `post_statement`."""
    changes = [(g, change) for g, (_, each) in enumerate(groups, 1) for change in each]
    params: tuple[object, ...] = (
        Int8Array([group for group, _ in groups]),
        Int8Array([g for g, _ in changes]),
        UuidArray([change.account_id for _, change in changes]),
        TextArray([change.status.value for _, change in changes]),
    )
    return _call("set_account_status", len(params), skip_sql), params


def _unless_void(values: list[str | None]) -> list[str | None]:
    """A column of nulls goes as an empty array: it reads the same, and costs nothing."""
    return [] if values.count(None) == len(values) else values


def _maybe(field: str, value: str | None, most: int = MAX_TEXT) -> str | None:
    return None if value is None else storable(field, value, most)
