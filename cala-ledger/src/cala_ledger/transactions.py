"""Reading posted transactions with their entries, by keyset in both directions: the cursor is `position`."""

from collections.abc import Sequence
from typing import Final, cast
from uuid import UUID

import msgspec

from cala_ledger import errors
from cala_ledger.connection import Connection, Row, Source, check_page, check_window
from cala_ledger.entries import Entries, given_of
from cala_ledger.model import Page, Transaction, TransactionFilter, TransactionPage
from cala_ledger.wire import UuidArray

_NAMES: Final = Transaction.__struct_fields__[:-1]
_SELECT: Final = """
select t.id, t.position, t.journal_id, p.code, t.effective, t.recorded_at, t.description, t.external_id,
  t.correlation_id, t.metadata, t.reverses,
  (select r.id from cala.transactions r where r.reverses = t.id)
from cala.transactions t join cala.templates p on p.id = t.template_id
"""
_FIND: Final = _SELECT + "where t.id = any(%b)"
_KNOWN: Final = "select id from cala.templates where code = %s"
_CONDITIONS: Final = {
    "journal_id": "t.journal_id = %s",
    "template": "t.template_id = (select id from cala.templates where code = %s)",
    "external_id": "t.external_id = %s",
    "correlation_id": "t.correlation_id = %s",
    "effective_from": "t.effective >= %s",
    "effective_until": "t.effective <= %s",
    "recorded_from": "t.recorded_at >= %s",
    "recorded_until": "t.recorded_at <= %s",
}


class Transactions:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._entries = Entries(source)

    async def find(self, transaction_id: UUID, *, conn: Connection | None = None) -> Transaction:
        """Raises TransactionNotFound."""
        found = await self.find_many([transaction_id], conn=conn)
        if transaction_id not in found:
            raise errors.TransactionNotFound(transaction_id=transaction_id)
        return found[transaction_id]

    async def find_many(
        self, ids: Sequence[UUID], *, conn: Connection | None = None
    ) -> dict[UUID, Transaction]:
        """Transactions by id; unknown ids are absent. Raises PageTooLarge."""
        check_page(len(ids))
        rows = await self._source.rows(_FIND, [UuidArray(ids)], conn)
        return {each.id: each for each in await self._with_entries(rows, conn)}

    async def list(
        self, page: Page, where: TransactionFilter, *, conn: Connection | None = None
    ) -> TransactionPage:
        """Transactions by template, external id and correlation id are found by index; a journal or dates are
        looked for along the history. Raises TemplateNotFound, InvalidPage, PageTooLarge, InvalidText."""
        size, rising, start = check_window(page)
        given = given_of(where, _CONDITIONS)
        template = where.template
        if template is not None and not await self._source.rows(_KNOWN, [template], conn):
            raise errors.TemplateNotFound(template=template)
        conditions, params = [_CONDITIONS[name] for name in given], [*given.values()]
        if start is not None:
            conditions.append(f"t.position {'>' if rising else '<'} %s")
            params.append(start)
        sql = (
            f"{_SELECT} where {' and '.join(conditions) or 'true'}"
            f" order by t.position {'asc' if rising else 'desc'} limit %s"
        )
        rows = await self._source.rows(sql, [*params, size + 1], conn)
        found = await self._with_entries(rows[:size], conn)
        if page.last is not None:
            found.reverse()
        return TransactionPage(tuple(found), len(rows) > size)

    async def _with_entries(self, rows: Sequence[Row], conn: Connection | None) -> "list[Transaction]":
        entries = await self._entries.by_transactions([cast("UUID", row[0]) for row in rows], conn=conn)
        return [
            msgspec.convert(
                dict(zip(_NAMES, row, strict=True)) | {"entries": entries[cast("UUID", row[0])]}, Transaction
            )
            for row in rows
        ]
