"""Reading posted transactions with their entries."""

from collections.abc import Sequence
from typing import Final, cast
from uuid import UUID

import msgspec

from cala_ledger import errors
from cala_ledger.connection import Connection, Row, Source, check_page
from cala_ledger.entries import Entries
from cala_ledger.model import Transaction
from cala_ledger.wire import UuidArray

_NAMES: Final = (
    "id",
    "position",
    "journal_id",
    "template",
    "effective",
    "recorded_at",
    "description",
    "external_id",
    "correlation_id",
    "metadata",
)
_SELECT: Final = """
select t.id, t.position, t.journal_id, p.code, t.effective, t.recorded_at, t.description, t.external_id,
  t.correlation_id, t.metadata
from cala.transactions t join cala.templates p on p.id = t.template_id
"""
_FIND: Final = _SELECT + "where t.id = any(%b)"
_KNOWN: Final = "select id from cala.templates where code = %s"
_BY_TEMPLATE: Final = _SELECT + "where t.template_id = %s and t.position > %s order by t.position limit %s"
_BY_EXTERNAL_ID: Final = _SELECT + "where t.external_id = %s and t.position > %s order by t.position limit %s"
_BY_CORRELATION: Final = (
    _SELECT + "where t.correlation_id = %s and t.position > %s order by t.position limit %s"
)


class Transactions:
    """Lists are oldest first, after a `position`."""

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
        return {each.id: each for each in await self._page(_FIND, [UuidArray(ids)], conn)}

    async def by_template(
        self, code: str, first: int, *, after: int = 0, conn: Connection | None = None
    ) -> list[Transaction]:
        """Raises TemplateNotFound, PageTooLarge."""
        check_page(first)
        known = await self._source.rows(_KNOWN, [code], conn)
        if not known:
            raise errors.TemplateNotFound(template=code)
        return await self._page(_BY_TEMPLATE, [known[0][0], after, first], conn)

    async def by_external_id(
        self, external_id: str, first: int, *, after: int = 0, conn: Connection | None = None
    ) -> list[Transaction]:
        """Raises PageTooLarge."""
        check_page(first)
        return await self._page(_BY_EXTERNAL_ID, [external_id, after, first], conn)

    async def by_correlation_id(
        self, correlation_id: str, first: int, *, after: int = 0, conn: Connection | None = None
    ) -> list[Transaction]:
        """Raises PageTooLarge."""
        check_page(first)
        return await self._page(_BY_CORRELATION, [correlation_id, after, first], conn)

    async def _page(self, sql: str, params: Sequence[object], conn: Connection | None) -> list[Transaction]:
        rows: list[Row] = await self._source.rows(sql, params, conn)
        entries = await self._entries.by_transactions([cast("UUID", row[0]) for row in rows], conn=conn)
        return [
            msgspec.convert(
                dict(zip(_NAMES, row, strict=True)) | {"entries": entries[cast("UUID", row[0])]}, Transaction
            )
            for row in rows
        ]
