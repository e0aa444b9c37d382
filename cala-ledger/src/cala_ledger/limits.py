"""Velocity limits: what an account's net may not pass. Checked in the posting call, under its locks."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from cala_ledger import errors
from cala_ledger.connection import Connection, Source
from cala_ledger.model import Limit
from cala_ledger.money import MAX_AMOUNT, exponent
from cala_ledger.templates import storable
from cala_ledger.wire import UuidArray

_ENSURE: Final = """
insert into cala.velocity_limits (id, name, layer, direction, currency, amount, created_at)
values (%s, %s, %s::cala.layer, %s::cala.direction, %s, %s, clock_timestamp()) on conflict (id) do nothing
"""
_FIND: Final = (
    "select name, layer::text, direction::text, currency, amount from cala.velocity_limits where id = %s"
)
_LOCK: Final = "select id from cala.accounts where id = any(%b) order by id for no key update"
_ATTACH: Final = """
insert into cala.limit_attachments (account_id, limit_id) select unnest(%b), %s on conflict do nothing
"""
_DETACH: Final = "delete from cala.limit_attachments where account_id = any(%b) and limit_id = %s"


class Limits:
    def __init__(self, source: Source) -> None:
        self._source = source

    async def ensure(self, limit: Limit, *, conn: Connection | None = None) -> None:
        """Store a limit unless it is there. Raises LimitChanged, InvalidAmount, UnknownCurrency,
        InvalidText."""
        storable("name", limit.name)
        if limit.currency is not None:
            exponent(limit.currency)
        if not 0 <= limit.amount <= MAX_AMOUNT:
            raise errors.InvalidAmount(amount=limit.amount)
        columns = (limit.name, limit.layer.value, limit.direction.value, limit.currency, limit.amount)
        async with self._source.connection(conn) as connection:
            await connection.execute(_ENSURE.encode(), [limit.id, *columns])
            rows = await self._source.rows(_FIND, [limit.id], connection)
        if rows != [columns]:
            raise errors.LimitChanged(limit_id=limit.id)

    async def attach(
        self, limit_id: UUID, accounts: Sequence[UUID], *, conn: Connection | None = None
    ) -> None:
        """Bind accounts or sets from the next posting on. Raises LimitNotFound, AccountNotFound.

        Locks the accounts' rows, as a posting does: one that is under way is not bound, the next one is.
        """
        async with self._source.connection(conn) as connection:
            if not await self._source.rows(_FIND, [limit_id], connection):
                raise errors.LimitNotFound(limit_id=limit_id)
            locked = {row[0] for row in await self._source.rows(_LOCK, [UuidArray(accounts)], connection)}
            for account_id in accounts:
                if account_id not in locked:
                    raise errors.AccountNotFound(account_id=account_id)
            await connection.execute(_ATTACH.encode(), [UuidArray(accounts), limit_id])

    async def detach(
        self, limit_id: UUID, accounts: Sequence[UUID], *, conn: Connection | None = None
    ) -> None:
        """Release accounts or sets; those not bound are left alone."""
        async with self._source.connection(conn) as connection:
            await self._source.rows(_LOCK, [UuidArray(accounts)], connection)
            await connection.execute(_DETACH.encode(), [UuidArray(accounts), limit_id])
