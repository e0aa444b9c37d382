"""Reading balances on both time axes; many accounts and sets in one call.

An account or set costs the same. Now: one row per currency. As of a date: one row per day with activity from
the nearer end of the history to that date. As recorded at an instant: one row per entry. A currency never
touched answers zeros, known account or not.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final, cast
from uuid import UUID

from cala_ledger import errors
from cala_ledger.connection import Connection, Row, Source, check_ids
from cala_ledger.model import Balance, BalanceRange, ByCurrency, Direction, Layer, Sums
from cala_ledger.wire import DateArray, UuidArray

_SUMS: Final = ", ".join(f"{layer}_{side}" for layer in Layer for side in Direction)
_NOW: Final = f"select account_id, currency, {_SUMS} from cala.balances where account_id = any(%b)"
_UNTIL: Final = f"select account_id, currency, {_SUMS}, until from cala.sums_until(%b, %b)"
_BELOW: Final = """
select u.id as holder, u.id as account_id from unnest(%b) u(id)
union all
select a.set_id, a.account_id from cala.ancestors a where a.set_id = any(%b)
"""
_RECORDED_SUMS: Final = ", ".join(
    f"coalesce(sum(e.amount) filter (where e.layer = '{layer}' and e.direction = '{side}'), 0)::int8"
    for layer in Layer
    for side in Direction
)
_RECORDED: Final = f"""
select h.holder, e.currency, {_RECORDED_SUMS}
from ({_BELOW}) h join cala.entries e on e.account_id = h.account_id
where e.recorded_at <= %s and e.effective <= %s
group by h.holder, e.currency
"""
_FULL: Final = 6


class Balances:
    """Balances by account or set id, then by currency. Amounts in minor units."""

    def __init__(self, source: Source) -> None:
        self._source = source

    async def now(self, ids: Sequence[UUID], *, conn: Connection | None = None) -> dict[UUID, ByCurrency]:
        """Everything posted, future effective dates included. Raises TooManyIds."""
        check_ids(ids)
        return by_id(ids, await self._source.rows(_NOW, [UuidArray(ids)], conn))

    async def as_of(
        self, ids: Sequence[UUID], effective: date, *, conn: Connection | None = None
    ) -> dict[UUID, ByCurrency]:
        """What was effective on or before the date. Raises TooManyIds."""
        check_ids(ids)
        return by_id(ids, await self._source.rows(_UNTIL, [UuidArray(ids), DateArray([effective])], conn))

    async def range(
        self, ids: Sequence[UUID], start: date, until: date, *, conn: Connection | None = None
    ) -> dict[UUID, dict[str, BalanceRange]]:
        """Opening before `start`, activity from `start` to `until` (both included), closing.

        A currency without activity by `until` is absent. Raises InvalidRange, TooManyIds.
        """
        check_ids(ids)
        if until < start:
            raise errors.InvalidRange(start=start, until=until)
        dates = [until] if start == date.min else [until, start - timedelta(days=1)]
        rows = await self._source.rows(_UNTIL, [UuidArray(ids), DateArray(dates)], conn)
        before = by_id(ids, [row for row in rows if row[-1] != until])
        answer: dict[UUID, dict[str, BalanceRange]] = {each: {} for each in ids}
        for account_id, closing in by_id(ids, [row for row in rows if row[-1] == until]).items():
            for currency, close in closing.items():
                opening = before[account_id][currency]
                answer[account_id][currency] = BalanceRange(
                    open=opening, activity=close.minus(opening), close=close
                )
        return answer

    async def recorded(
        self,
        ids: Sequence[UUID],
        recorded_at: datetime,
        effective: date = date.max,
        *,
        conn: Connection | None = None,
    ) -> dict[UUID, ByCurrency]:
        """What the books said at an instant, of what is effective on or before a date: both time axes.

        Sets by their members of today. Reads every entry of the accounts. Raises TooManyIds.
        """
        check_ids(ids)
        params = [UuidArray(ids), UuidArray(ids), recorded_at, effective]
        return by_id(ids, await self._source.rows(_RECORDED, params, conn))


def zero(account_id: UUID, currency: str) -> Balance:
    """The balance of an account never touched in this currency."""
    return Balance(account_id=account_id, currency=currency)


def by_id(ids: Sequence[UUID], rows: Sequence[Row]) -> dict[UUID, ByCurrency]:
    """Rows of id, currency and six sums, for each of the ids."""
    answer = {each: ByCurrency(each) for each in ids}
    for row in rows:
        account_id, currency = cast("tuple[UUID, str]", row[:2])
        sums = cast("tuple[int, ...]", row[2 : 2 + _FULL])
        answer[account_id][currency] = Balance(
            account_id=account_id,
            currency=currency,
            settled=Sums(sums[0], sums[1]),
            pending=Sums(sums[2], sums[3]),
            encumbrance=Sums(sums[4], sums[5]),
        )
    return answer
