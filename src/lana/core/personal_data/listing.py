"""Pages of entities in the order of a personal field, which their own table does not hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar, cast
from uuid import UUID

from lana.lib.es.entity import Entity
from lana.lib.es.repo import Repo
from lana.lib.pg.page import Direction, Found, Order, Page, decode_cursor, encode_cursor, position_text

T = TypeVar("T", bound=Entity[Any])

PERSONAL_COLUMNS: Final = frozenset({"email", "handle"})


async def list_by_personal(
    repo: Repo[T],
    kind: str,
    page: Page,
    order: Order,
    where: Mapping[str, object | None] | None = None,
) -> Found[T]:
    """A keyset page by (`email` or `handle`, id). `where` holds equality filters on declared columns."""
    size = page.size(repo.db.page_limit)
    sql, values = page_sql(repo, kind, page, order, where or {})
    rows = await repo.db.fetch(sql, [*values, size + 1])
    kept = rows[:size]
    cursors = [
        encode_cursor({"type": f"By{order.by}", "id": str(cast("UUID", row[0])), order.by: row[3]})
        for row in kept
    ]
    return Found([repo.read(row) for row in kept], cursors, len(rows) > size)


def page_sql(
    repo: Repo[T], kind: str, page: Page, order: Order, where: Mapping[str, object | None]
) -> tuple[str, list[object]]:
    """Text and parameters but for the limit; the text depends on the shape alone."""
    column, direction = order.by, order.direction
    if column not in PERSONAL_COLUMNS:
        raise ValueError(f"{column} is no personal column")
    types = {c.name: c.type for c in repo.columns}
    values: list[object] = [kind]
    conditions = ["p.kind = %b::text"]
    for name, value in where.items():
        if value is not None:
            conditions.append(f"t.{name} = %b::{types[name]}")
            values.append(value)
    if page.after is not None:
        position = decode_cursor(page.after, frozenset({"type", "id", column}))
        comparison = ">" if direction is Direction.ASC else "<"
        conditions.append(f"(coalesce(p.{column}, ''), p.id) {comparison} (%b::text, %b::text::uuid)")
        values += [position_text(position, column, "text"), position_text(position, "id", "uuid")]
    way = direction.value.lower()
    sql = (
        f"select t.id, t.created_at, t.state, coalesce(p.{column}, '')"
        f" from personal_data p join {repo.table} t on t.id = p.id where {' and '.join(conditions)}"
        f" order by coalesce(p.{column}, '') {way}, p.id {way} limit %b::int8"
    )
    return sql, values
