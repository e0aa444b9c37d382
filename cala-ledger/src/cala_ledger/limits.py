"""Velocity limits: what may not be passed. Checked in the posting call, under its locks.

A plain limit watches a balance: nothing is counted beside it. A ruled limit (condition, window, dates, or for
each account) counts what it concerns in `cala.limit_usage`, from its attachment on; detaching it forgets
that. Changing one waits for the postings in flight and holds for the next.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final, TypeVar, cast
from uuid import UUID

import msgspec

from cala_ledger import errors
from cala_ledger.connection import Connection, Row, Source, check_ids, check_page
from cala_ledger.errors import JsonValue
from cala_ledger.expressions import Malformed, check_cel
from cala_ledger.model import Limit, LimitUsage, WindowKey
from cala_ledger.money import MAX_AMOUNT, exponent
from cala_ledger.rules import condition_sql, window_sql
from cala_ledger.templates import encode_json, storable
from cala_ledger.wire import UuidArray

MAX_WINDOW_KEYS: Final = 8

T = TypeVar("T")

_COLUMNS: Final = (
    "id, name, layer::text, direction::text, currency, amount, condition, window_keys, starts, ends,"
    " per_account"
)
_ENSURE: Final = """
insert into cala.velocity_limits (id, name, layer, direction, currency, amount, condition, condition_sql,
  window_keys, window_sql, starts, ends, per_account, created_at)
values (%s, %s, %s::cala.layer, %s::cala.direction, %s, %s, %s, %s, %s::jsonb, %s, %s, %s, %s,
  clock_timestamp()) on conflict (id) do nothing
"""
_FIND: Final = f"select {_COLUMNS} from cala.velocity_limits where id = any(%b)"
_LIST: Final = f"select {_COLUMNS} from cala.velocity_limits where id > %s order by id limit %s"
_ALONE: Final = "select pg_advisory_xact_lock(cala.structure_lock())"
_CHANGE: Final = """
update cala.velocity_limits set name = %s, amount = %s, starts = %s, ends = %s where id = %s
"""
_LOCK: Final = "select id from cala.accounts where id = any(%b) order by id for no key update"
_ATTACH: Final = """
insert into cala.limit_attachments (account_id, limit_id) select unnest(%b), %s on conflict do nothing
"""
# What was counted is forgotten of those whom no other attachment of the same limit binds: by itself, or,
# where every account is bound, through another set above it.
_DETACH: Final = """
with gone as (
  delete from cala.limit_attachments where account_id = any(%b) and limit_id = %s returning account_id
), freed as (
  select g.account_id from gone g
  union
  select a.account_id from gone g join cala.ancestors a on a.set_id = g.account_id
)
delete from cala.limit_usage u using freed f, cala.velocity_limits l
where u.limit_id = %s and l.id = u.limit_id and u.account_id = f.account_id
  and not exists (
    select 1 from cala.limit_attachments la
    where la.limit_id = l.id and la.account_id not in (select g.account_id from gone g)
      and (la.account_id = u.account_id
           or l.per_account and exists (
             select 1 from cala.ancestors a
             where a.account_id = u.account_id and a.set_id = la.account_id)))
"""
_ATTACHED: Final = """
select account_id, limit_id from cala.limit_attachments where account_id = any(%b) order by limit_id
"""
_COUNTED: Final = """
select u.account_id, u.limit_id, u.currency, u.window_key, u.used, l.amount - u.used
from cala.limit_usage u join cala.velocity_limits l on l.id = u.limit_id
where u.limit_id = %s and u.account_id = any(%b) and (%s::jsonb is null or u.window_key = (%s::jsonb)::text)
order by u.account_id, u.currency, u.window_key desc limit %s
"""
_WATCHED: Final = """
select x.account_id, l.id, x.currency, '', x.used, l.amount - x.used
from cala.velocity_limits l cross join lateral (
  select b.account_id, b.currency,
    (case l.layer when 'settled' then b.settled_debit::numeric - b.settled_credit
      when 'pending' then b.pending_debit::numeric - b.pending_credit
      else b.encumbrance_debit::numeric - b.encumbrance_credit end)
    * case l.direction when 'debit' then 1 else -1 end as used
  from cala.balances b
  where b.account_id = any(%b) and (l.currency is null or b.currency = l.currency)) x
where l.id = %s order by x.account_id, x.currency limit %s
"""


class Limits:
    def __init__(self, source: Source) -> None:
        self._source = source

    async def ensure(self, limit: Limit, *, conn: Connection | None = None) -> None:
        """Store a limit unless it is there. Raises LimitChanged, InvalidLimit, InvalidAmount,
        UnknownCurrency, InvalidText."""
        _check(limit)
        condition, window = _translated(limit)
        keys = msgspec.json.encode(limit.window).decode() if limit.window else None
        params = [limit.id, limit.name, limit.layer.value, limit.direction.value, limit.currency]
        params += [limit.amount, limit.condition, condition, keys, window]
        params += [limit.starts, limit.ends, limit.per_account]
        async with self._source.connection(conn) as connection:
            await connection.execute(_ENSURE.encode(), params)
            if await self.find(limit.id, conn=connection) != limit:
                raise errors.LimitChanged(limit_id=limit.id)

    async def change(
        self,
        limit_id: UUID,
        *,
        name: str | None = None,
        amount: int | None = None,
        starts: date | None = None,
        ends: date | None = None,
        conn: Connection | None = None,
    ) -> Limit:
        """Change what is given, from the next posting on. Raises LimitNotFound, and as `ensure`.

        A plain limit stays plain: dates are for limits that have a rule already (InvalidLimit).
        """
        async with self._source.connection(conn) as connection, connection.transaction():
            await connection.execute(_ALONE.encode())
            known = await self.find(limit_id, conn=connection)
            changed = msgspec.structs.replace(
                known,
                name=_given(name, known.name),
                amount=_given(amount, known.amount),
                starts=_given(starts, known.starts),
                ends=_given(ends, known.ends),
            )
            _check(changed)
            if changed.ruled and not known.ruled:
                raise errors.InvalidLimit(
                    limit_id=limit_id, field="starts", reason="a plain limit stays plain", expression=""
                )
            params = [changed.name, changed.amount, changed.starts, changed.ends, limit_id]
            await connection.execute(_CHANGE.encode(), params)
            return changed

    async def find(self, limit_id: UUID, *, conn: Connection | None = None) -> Limit:
        """Raises LimitNotFound."""
        rows = await self._source.rows(_FIND, [UuidArray([limit_id])], conn)
        if not rows:
            raise errors.LimitNotFound(limit_id=limit_id)
        return _limit(rows[0])

    async def list(
        self, first: int, *, after: UUID | None = None, conn: Connection | None = None
    ) -> "tuple[Limit, ...]":
        """A page by id, after an id. Raises PageTooLarge."""
        check_page(first)
        rows = await self._source.rows(_LIST, [after or UUID(int=0), first], conn)
        return tuple(map(_limit, rows))

    async def attached(
        self, ids: Sequence[UUID], *, conn: Connection | None = None
    ) -> dict[UUID, tuple[UUID, ...]]:
        """The limits attached to each account or set itself. Raises TooManyIds."""
        check_ids(ids)
        answer: dict[UUID, tuple[UUID, ...]] = dict.fromkeys(ids, ())
        for row in await self._source.rows(_ATTACHED, [UuidArray(ids)], conn):
            account_id, limit_id = cast("tuple[UUID, UUID]", row)
            answer[account_id] += (limit_id,)
        return answer

    async def usage(
        self,
        limit_id: UUID,
        ids: Sequence[UUID],
        first: int,
        *,
        window: Sequence[JsonValue] | None = None,
        conn: Connection | None = None,
    ) -> "tuple[LimitUsage, ...]":
        """What is used and left, per account, currency and window, the latest window first.

        `ids`: what the limit is attached to, or with `per_account` the accounts themselves. `window`: only
        this one, the values of its keys in order. Nothing counted yet: no row, all of the amount is left.
        Raises LimitNotFound, TooManyIds, PageTooLarge, InvalidText.
        """
        check_ids(ids)
        check_page(first)
        key = None if window is None else encode_json("window", list(window))
        limit = await self.find(limit_id, conn=conn)
        if limit.ruled:
            rows = await self._source.rows(_COUNTED, [limit_id, UuidArray(ids), key, key, first], conn)
        else:
            rows = await self._source.rows(_WATCHED, [UuidArray(ids), limit_id, first], conn)
        return tuple(map(_usage, rows))

    async def attach(
        self, limit_id: UUID, accounts: Sequence[UUID], *, conn: Connection | None = None
    ) -> None:
        """Bind accounts or sets from the next posting on. Raises LimitNotFound, AccountNotFound, TooManyIds.

        Locks the accounts' rows, as a posting does: one that is under way is not bound, the next one is.
        """
        check_ids(accounts)
        async with self._source.connection(conn) as connection:
            await self.find(limit_id, conn=connection)
            locked = {row[0] for row in await self._source.rows(_LOCK, [UuidArray(accounts)], connection)}
            for account_id in accounts:
                if account_id not in locked:
                    raise errors.AccountNotFound(account_id=account_id)
            await connection.execute(_ATTACH.encode(), [UuidArray(accounts), limit_id])

    async def detach(
        self, limit_id: UUID, accounts: Sequence[UUID], *, conn: Connection | None = None
    ) -> None:
        """Release accounts or sets, and forget what was counted; those not bound are left alone.

        What the same limit still binds through another attachment stays counted. Raises TooManyIds.
        """
        check_ids(accounts)
        async with self._source.connection(conn) as connection:
            await self._source.rows(_LOCK, [UuidArray(accounts)], connection)
            await connection.execute(_DETACH.encode(), [UuidArray(accounts), limit_id, limit_id])


def _given(value: T | None, known: T) -> T:
    return known if value is None else value


def _check(limit: Limit) -> None:
    storable("name", limit.name)
    for key in limit.window:
        storable("window alias", key.alias)
    if limit.currency is not None:
        exponent(limit.currency)
    if type(limit.amount) is not int or not 0 <= limit.amount <= MAX_AMOUNT:
        raise errors.InvalidLimitAmount(limit_id=limit.id, amount=limit.amount)
    if len(limit.window) > MAX_WINDOW_KEYS:
        raise errors.InvalidLimit(
            limit_id=limit.id, field="window", reason=f"more than {MAX_WINDOW_KEYS} keys", expression=""
        )
    if limit.starts and limit.ends and limit.ends <= limit.starts:
        raise errors.InvalidLimit(
            limit_id=limit.id, field="ends", reason=f"{limit.ends} is not after {limit.starts}", expression=""
        )


def _translated(limit: Limit) -> tuple[str | None, str | None]:
    """Condition and window as SQL. Raises InvalidLimit."""
    field, expression = "condition", limit.condition or ""
    try:
        condition = None
        if limit.condition is not None:
            check_cel(limit.condition)
            condition = condition_sql(limit.condition)
        for key in limit.window:
            field, expression = f"window '{key.alias}'", key.value
            check_cel(key.value)
            window_sql([key.value])
    except Malformed as error:
        raise errors.InvalidLimit(
            limit_id=limit.id, field=field, reason=error, expression=expression
        ) from error
    return condition, window_sql([key.value for key in limit.window]) if limit.window else None


def _limit(row: Row) -> Limit:
    keys = cast("Sequence[dict[str, str]] | None", row[7]) or ()
    names = Limit.__struct_fields__
    values = [*row[:7], [WindowKey(key["alias"], key["value"]) for key in keys], *row[8:]]
    return msgspec.convert(dict(zip(names, values, strict=True)), Limit)


def _usage(row: Row) -> LimitUsage:
    account_id, limit_id, currency, window_key, used, left = row
    window = msgspec.json.decode(str(window_key), type=tuple[JsonValue, ...]) if window_key else ()
    return LimitUsage(
        account_id=cast("UUID", account_id),
        limit_id=cast("UUID", limit_id),
        currency=str(currency),
        window=window,
        used=int(cast("int", used)),
        left=int(cast("int", left)),
    )
