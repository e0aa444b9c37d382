"""Accounts and what can be read about them. Sets are read here too: to a reader they are accounts with
members."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec

from cala_ledger import errors
from cala_ledger.connection import Connection, Row, Source, check_ids, check_page, raise_refused
from cala_ledger.errors import JsonValue
from cala_ledger.model import Account, NewAccount, NewSet, Status, StatusChange
from cala_ledger.statements import open_accounts_statement, set_status_statement
from cala_ledger.templates import encode_metadata, storable
from cala_ledger.wire import TextArray, UuidArray

_NAMES: Final = (
    "id",
    "journal_id",
    "is_set",
    "code",
    "external_id",
    "name",
    "description",
    "normal_side",
    "status",
    "metadata",
    "created_at",
    "position",
)
COLUMNS: Final = ", ".join(
    f"a.{name}::text" if name in ("normal_side", "status") else f"a.{name}" for name in _NAMES
)
_FIND: Final = f"select {COLUMNS} from cala.accounts a where a.id = any(%b)"
_BY_CODE: Final = f"select {COLUMNS} from cala.accounts a where a.code = any(%b)"
_BY_EXTERNAL_ID: Final = f"select {COLUMNS} from cala.accounts a where a.external_id = any(%b)"
_LIST: Final = f"""
select {COLUMNS} from cala.accounts a where a.position > %s and (%s::bool is null or a.is_set = %s)
order by a.position limit %s
"""
_LIST_BY_CODE: Final = f"""
select {COLUMNS} from cala.accounts a where a.code > %s and (%s::bool is null or a.is_set = %s)
order by a.code limit %s
"""
_UPDATE: Final = f"""
update cala.accounts a set name = coalesce(%s, a.name), description = coalesce(%s, a.description),
  metadata = coalesce(%s::jsonb, a.metadata)
where a.id = %s returning {COLUMNS}
"""


class Accounts:
    def __init__(self, source: Source) -> None:
        self._source = source

    async def create(self, account: NewAccount, *, conn: Connection | None = None) -> None:
        """Open one account; see `create_many`."""
        await self.create_many([account], conn=conn)

    async def create_many(
        self, accounts: Sequence[NewAccount | NewSet], *, conn: Connection | None = None
    ) -> None:
        """Open accounts and sets, all or none.

        Raises AccountIdExists, AccountCodeExists, AccountExternalIdExists, JournalNotFound, SetNotFound,
        NotASet, AccountNotInJournal, LimitNotFound, InvalidText, TooManyIds (also of all their sets, or of
        all their limits).
        """
        check_ids(accounts)
        check_ids([each for account in accounts for each in account.sets])
        check_ids([each for account in accounts for each in account.limits])
        sql, params = open_accounts_statement([(1, accounts)])
        raise_refused(await self._source.rows(sql, params, conn))

    async def set_status(self, account_id: UUID, status: Status, *, conn: Connection | None = None) -> None:
        """Lock or unlock; safe against postings in flight. Raises AccountNotFound, AccountIsSet."""
        sql, params = set_status_statement([(1, [StatusChange(account_id, status)])])
        raise_refused(await self._source.rows(sql, params, conn))

    async def update(
        self,
        account_id: UUID,
        *,
        name: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, JsonValue] | None = None,
        conn: Connection | None = None,
    ) -> Account:
        """Change what is given, leave the rest. Raises AccountNotFound, InvalidText."""
        for field, value in (("name", name), ("description", description)):
            if value is not None:
                storable(field, value)
        params = [name, description, encode_metadata(metadata), account_id]
        rows = await self._source.rows(_UPDATE, params, conn)
        if not rows:
            raise errors.AccountNotFound(account_id=account_id)
        return to_account(rows[0])

    async def find(self, account_id: UUID, *, conn: Connection | None = None) -> Account:
        """Raises AccountNotFound."""
        found = await self.find_many([account_id], conn=conn)
        if account_id not in found:
            raise errors.AccountNotFound(account_id=account_id)
        return found[account_id]

    async def find_many(self, ids: Sequence[UUID], *, conn: Connection | None = None) -> dict[UUID, Account]:
        """Accounts and sets by id; unknown ids are absent. Raises TooManyIds."""
        check_ids(ids)
        return {a.id: a for a in map(to_account, await self._source.rows(_FIND, [UuidArray(ids)], conn))}

    async def by_code(self, codes: Sequence[str], *, conn: Connection | None = None) -> dict[str, Account]:
        """Accounts by code; unknown codes are absent. Raises TooManyIds, InvalidText."""
        check_ids(codes)
        texts = TextArray([storable("code", each) for each in codes])
        rows = await self._source.rows(_BY_CODE, [texts], conn)
        return {a.code: a for a in map(to_account, rows) if a.code is not None}

    async def by_external_id(
        self, external_ids: Sequence[str], *, conn: Connection | None = None
    ) -> dict[str, Account]:
        """Accounts and sets by external id; unknown ones are absent. Raises TooManyIds, InvalidText."""
        check_ids(external_ids)
        texts = TextArray([storable("external_id", each) for each in external_ids])
        rows = await self._source.rows(_BY_EXTERNAL_ID, [texts], conn)
        return {a.external_id: a for a in map(to_account, rows) if a.external_id is not None}

    async def list(
        self, first: int, *, after: int = 0, sets: bool | None = None, conn: Connection | None = None
    ) -> "tuple[Account, ...]":
        """A page by creation, after a `position`. `sets`: only sets, only accounts, or both. Raises
        PageTooLarge."""
        check_page(first)
        rows = await self._source.rows(_LIST, [after, sets, sets, first], conn)
        return tuple(map(to_account, rows))

    async def list_by_code(
        self, first: int, *, after: str = "", sets: bool | None = None, conn: Connection | None = None
    ) -> "tuple[Account, ...]":
        """A page by code, after a code. Raises PageTooLarge, InvalidText."""
        check_page(first)
        params = [storable("after", after), sets, sets, first]
        rows = await self._source.rows(_LIST_BY_CODE, params, conn)
        return tuple(map(to_account, rows))


def to_account(row: Row) -> Account:
    return msgspec.convert(dict(zip(_NAMES, row, strict=True)), Account)
