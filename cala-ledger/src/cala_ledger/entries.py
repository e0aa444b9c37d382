"""Reading entries, newest or oldest first, by keyset: the cursor is an entry's `position`."""

from collections.abc import Sequence
from typing import Final, cast
from uuid import UUID

import msgspec

from cala_ledger.connection import Connection, Row, Source, check_page
from cala_ledger.model import Entry
from cala_ledger.wire import UuidArray

_NAMES: Final = (
    "position",
    "transaction_id",
    "account_id",
    "amount",
    "debit_after",
    "credit_after",
    "layer",
    "direction",
    "currency",
    "entry_type",
    "description",
    "effective",
    "recorded_at",
)
COLUMNS: Final = "e." + ", e.".join(_NAMES[:-2]) + ", t.effective, t.recorded_at"
_TOP: Final = 2**63 - 1
# A set's entries are those of the accounts below it; each gives at most one page, by its own index.
_BY_ACCOUNT: Final = """
select {columns} from (
  select x.* from (
    select n.account_id from cala.ancestors n where n.set_id = %s
    union all select %s::uuid) below
  cross join lateral (
    select * from cala.entries i where i.account_id = below.account_id and i.position {compare} %s
    order by i.position {order} limit %s) x
  order by x.position {order} limit %s) e
join cala.transactions t on t.id = e.transaction_id
order by e.position {order}
"""
_NEWEST: Final = _BY_ACCOUNT.format(columns=COLUMNS, compare="<", order="desc")
_OLDEST: Final = _BY_ACCOUNT.format(columns=COLUMNS, compare=">", order="asc")
_IN_JOURNAL: Final = f"""
select {COLUMNS} from (
  select t.id, t.position, t.effective, t.recorded_at from cala.transactions t
  where t.journal_id = %s and t.position <= %s / 65536 and t.entry_count > 0
  order by t.position desc limit %s + 1) t
join cala.entries e on e.position between t.position * 65536 and t.position * 65536 + 65535
  and e.position < %s
order by e.position desc limit %s
"""
_OF_TRANSACTIONS: Final = f"""
select {COLUMNS} from cala.transactions t
join cala.entries e on e.position between t.position * 65536 and t.position * 65536 + 65535
where t.id = any(%b) order by e.position
"""


class Entries:
    def __init__(self, source: Source) -> None:
        self._source = source

    async def by_account(
        self,
        account_id: UUID,
        first: int,
        *,
        after: int | None = None,
        newest_first: bool = True,
        conn: Connection | None = None,
    ) -> list[Entry]:
        """Entries of an account, or of everything below a set, after a `position`. Raises PageTooLarge."""
        check_page(first)
        start = after if after is not None else (_TOP if newest_first else 0)
        sql = _NEWEST if newest_first else _OLDEST
        rows = await self._source.rows(sql, [account_id, account_id, start, first, first], conn)
        return [to_entry(row) for row in rows]

    async def by_journal(
        self, journal_id: UUID, first: int, *, before: int | None = None, conn: Connection | None = None
    ) -> list[Entry]:
        """Entries of a journal, newest first, before a `position`. Raises PageTooLarge."""
        check_page(first)
        start = _TOP if before is None else before
        rows = await self._source.rows(_IN_JOURNAL, [journal_id, start, first, start, first], conn)
        return [to_entry(row) for row in rows]

    async def by_transactions(
        self, ids: Sequence[UUID], *, conn: Connection | None = None
    ) -> dict[UUID, tuple[Entry, ...]]:
        """Entries of each transaction, by sequence. Raises PageTooLarge for more than a page of
        transactions."""
        check_page(len(ids))
        found: dict[UUID, list[Entry]] = {each: [] for each in ids}
        for row in await self._source.rows(_OF_TRANSACTIONS, [UuidArray(ids)], conn):
            found[cast("UUID", row[1])].append(to_entry(row))
        return {each: tuple(entries) for each, entries in found.items()}


def to_entry(row: Row) -> Entry:
    return msgspec.convert(dict(zip(_NAMES, row, strict=True)), Entry)
