"""Reading balances: now, as of an effective date, over a range; many accounts and sets in one call.

An account or set costs the same. Now: one row per currency. As of a date: one row per day with activity up to
it. Never-touched ids answer zeros, known or not.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final, cast
from uuid import UUID

from cala_ledger.connection import Connection, Row, Source, check_ids
from cala_ledger.model import Balance, BalanceRange, Sums
from cala_ledger.wire import UuidArray

_SUMS: Final = (
    "settled_debit",
    "settled_credit",
    "pending_debit",
    "pending_credit",
    "encumbrance_debit",
    "encumbrance_credit",
)


def _sums(condition: str) -> str:
    return ", ".join(f"coalesce(sum({name}) filter (where {condition}), 0)::int8" for name in _SUMS)


_NOW: Final = f"select account_id, currency, {', '.join(_SUMS)} from cala.balances where account_id = any(%b)"
_DAYS: Final = (
    "from cala.day_sums where account_id = any(%b) and effective <= %b group by account_id, currency"
)
_AS_OF: Final = f"select account_id, currency, {_sums('true')} {_DAYS}"
_RANGE: Final = f"select account_id, currency, {_sums('effective < %b')}, {_sums('effective >= %b')} {_DAYS}"


class Balances:
    """Balances by account or set id, then by currency. Amounts in minor units."""

    def __init__(self, source: Source) -> None:
        self._source = source

    async def now(
        self, ids: Sequence[UUID], *, conn: Connection | None = None
    ) -> dict[UUID, dict[str, Balance]]:
        """Everything posted, future effective dates included. Raises TooManyIds."""
        check_ids(ids)
        return _by_id(ids, await self._source.rows(_NOW, [UuidArray(ids)], conn))

    async def as_of(
        self, ids: Sequence[UUID], effective: date, *, conn: Connection | None = None
    ) -> dict[UUID, dict[str, Balance]]:
        """What was effective on or before the date. Raises TooManyIds."""
        check_ids(ids)
        return _by_id(ids, await self._source.rows(_AS_OF, [UuidArray(ids), effective], conn))

    async def range(
        self, ids: Sequence[UUID], start: date, until: date, *, conn: Connection | None = None
    ) -> dict[UUID, dict[str, BalanceRange]]:
        """Opening before `start`, activity from `start` to `until` (both included), closing. Raises
        TooManyIds."""
        check_ids(ids)
        params = [*[start] * (2 * len(_SUMS)), UuidArray(ids), until]
        answer: dict[UUID, dict[str, BalanceRange]] = {each: {} for each in ids}
        for row in await self._source.rows(_RANGE, params, conn):
            account_id, currency = cast("tuple[UUID, str]", row[:2])
            sums = cast("tuple[int, ...]", row[2:])
            opening, activity = sums[:6], sums[6:]
            answer[account_id][currency] = BalanceRange(
                open=_balance(account_id, currency, opening),
                activity=_balance(account_id, currency, activity),
                close=_balance(account_id, currency, tuple(map(int.__add__, opening, activity))),
            )
        return answer


def zero(account_id: UUID, currency: str) -> Balance:
    """The balance of an account never touched in this currency."""
    return Balance(account_id=account_id, currency=currency)


def _balance(account_id: UUID, currency: str, sums: tuple[int, ...]) -> Balance:
    return Balance(
        account_id=account_id,
        currency=currency,
        settled=Sums(sums[0], sums[1]),
        pending=Sums(sums[2], sums[3]),
        encumbrance=Sums(sums[4], sums[5]),
    )


def _by_id(ids: Sequence[UUID], rows: Sequence[Row]) -> dict[UUID, dict[str, Balance]]:
    answer: dict[UUID, dict[str, Balance]] = {each: {} for each in ids}
    for row in rows:
        account_id, currency = cast("tuple[UUID, str]", row[:2])
        answer[account_id][currency] = _balance(account_id, currency, cast("tuple[int, ...]", row[2:]))
    return answer
