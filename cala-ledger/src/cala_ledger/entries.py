"""Reading entries, by keyset in both directions: the cursor is an entry's `position`.

Each entry carries its account's sums after it, so a running balance costs nothing; below a set it is that of
the entry's own account. Costs: a page without a filter reads about its own size, and of a set one page of
each account below; a filter reads on until the page is full, at worst the whole history of what is asked.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final, cast
from uuid import UUID

import msgspec

from cala_ledger.connection import Connection, Row, Source, check_ids, check_page, check_window
from cala_ledger.model import Entry, EntryFilter, EntryPage, Page, TransactionFilter
from cala_ledger.templates import storable
from cala_ledger.wire import TextArray, UuidArray

_NAMES: Final = Entry.__struct_fields__
_COLUMNS: Final = ", ".join(
    f"e.{name}::text" if name in ("layer", "direction") else f"e.{name}" for name in _NAMES
)
_CONDITIONS: Final = {
    "effective_from": "i.effective >= %s",
    "effective_until": "i.effective <= %s",
    "recorded_from": "i.recorded_at >= %s",
    "recorded_until": "i.recorded_at <= %s",
    "amount_from": "i.amount >= %s",
    "amount_until": "i.amount <= %s",
    "layer": "i.layer = %s::cala.layer",
    "direction": "i.direction = %s::cala.direction",
    "currency": "i.currency = %s",
    "entry_type": "i.entry_type = %s",
    "external_id": "exists (select 1 from cala.transactions t where t.id = i.transaction_id"
    " and t.external_id = %s)",
}
# A set's entries are those of the accounts below it; each gives at most one page, by its own index.
_OF_ACCOUNT: Final = """
select x.* from (
  select n.account_id from cala.ancestors n where n.set_id = %s
  union all select %s::uuid) below
cross join lateral (
  select * from cala.entries i where i.account_id = below.account_id and {conditions}
  order by i.position {way} limit %s) x
"""
_OF_JOURNAL: Final = """
select i.* from cala.entries i
where exists (select 1 from cala.transactions t where t.id = i.transaction_id and t.journal_id = %s)
  and {conditions}
order by i.position {way} limit %s
"""
_PAGE: Final = f"select {_COLUMNS} from ({{source}}) e order by e.position {{way}} limit %s"
_OF_TRANSACTIONS: Final = f"""
select {_COLUMNS} from cala.transactions t
join cala.entries e on e.position between t.position * 65536 and t.position * 65536 + 65535
where t.id = any(%b) order by e.position
"""
_NEWEST: Final = """
select u.id, newest.recorded_at from unnest(%b) u(id)
cross join lateral (
  select i.recorded_at from cala.entries i where i.account_id = u.id and i.entry_type <> all(%b)
  order by i.position desc limit 1) newest
"""
EVERYTHING: Final = EntryFilter()


class Entries:
    def __init__(self, source: Source) -> None:
        self._source = source

    async def by_account(
        self,
        account_id: UUID,
        page: Page,
        where: EntryFilter = EVERYTHING,
        *,
        conn: Connection | None = None,
    ) -> EntryPage:
        """Entries of an account, or of everything below a set. Raises InvalidPage, PageTooLarge,
        InvalidText."""
        return await self._page(_OF_ACCOUNT, [account_id, account_id], page, where, conn)

    async def by_journal(
        self,
        journal_id: UUID,
        page: Page,
        where: EntryFilter = EVERYTHING,
        *,
        conn: Connection | None = None,
    ) -> EntryPage:
        """Entries of a journal. Raises InvalidPage, PageTooLarge, InvalidText."""
        return await self._page(_OF_JOURNAL, [journal_id], page, where, conn)

    async def by_transactions(
        self, ids: Sequence[UUID], *, conn: Connection | None = None
    ) -> dict[UUID, tuple[Entry, ...]]:
        """Entries of each transaction, by sequence. Raises PageTooLarge for more than a page of
        transactions."""
        check_page(len(ids))
        found: dict[UUID, list[Entry]] = {each: [] for each in ids}
        for row in await self._source.rows(_OF_TRANSACTIONS, [UuidArray(ids)], conn):
            found[cast("UUID", row[1])].append(_entry(row))
        return {each: tuple(entries) for each, entries in found.items()}

    async def last_recorded(
        self, ids: Sequence[UUID], *, excluding: Collection[str] = (), conn: Connection | None = None
    ) -> dict[UUID, datetime]:
        """When each account's newest entry was recorded, of the types not excluded; accounts without one are
        absent. One look into an index per account, and one per excluded entry passed. Raises TooManyIds,
        InvalidText.
        """
        check_ids(ids)
        for entry_type in excluding:
            storable("entry_type", entry_type)
        rows = await self._source.rows(_NEWEST, [UuidArray(ids), TextArray(list(excluding))], conn)
        return dict(cast("Sequence[tuple[UUID, datetime]]", rows))

    async def _page(
        self, source: str, of: Sequence[object], page: Page, where: EntryFilter, conn: Connection | None
    ) -> EntryPage:
        size, rising, start = check_window(page)
        given = given_of(where, _CONDITIONS)
        conditions = [_CONDITIONS[name] for name in given]
        params = [*of, *given.values()]
        if start is not None:
            conditions.append(f"i.position {'>' if rising else '<'} %s")
            params.append(start)
        way = "asc" if rising else "desc"
        inner = source.format(conditions=" and ".join(conditions) or "true", way=way)
        rows = await self._source.rows(
            _PAGE.format(source=inner, way=way), [*params, size + 1, size + 1], conn
        )
        found = [_entry(row) for row in rows[:size]]
        if page.last is not None:
            found.reverse()
        return EntryPage(tuple(found), len(rows) > size)


def given_of(where: EntryFilter | TransactionFilter, names: Iterable[str]) -> dict[str, object]:
    """What a filter asks for. Raises InvalidText."""
    given: dict[str, object] = {}
    for name in names:
        value: object = getattr(where, name)
        if isinstance(value, str):
            storable(name, value)
        if value is not None:
            given[name] = value
    return given


def _entry(row: Row) -> Entry:
    return msgspec.convert(dict(zip(_NAMES, row, strict=True)), Entry)
