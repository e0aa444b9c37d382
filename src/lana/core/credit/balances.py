"""What a facility's ledger accounts hold, read live; many facilities in one call.

Its bitcoin are those of its position, which every Op that moves them writes: `lana-cli verify` compares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec

import cala_ledger
from lana.core.credit.facility.entity import Facility
from lana.lib.es.loader import Loader
from lana.lib.money import Satoshis, UsdCents

CREDIT: Final = cala_ledger.Direction.CREDIT
DEBIT: Final = cala_ledger.Direction.DEBIT
USD: Final = "USD"


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Principal or interest: ever booked, outstanding, of it due or overdue, of it overdue."""

    total: UsdCents
    outstanding: UsdCents
    outstanding_payable: UsdCents
    overdue: UsdCents
    defaulted: UsdCents


class FacilityBalance(msgspec.Struct, frozen=True, kw_only=True):
    facility_remaining: UsdCents
    disbursed: Part
    interest: Part
    collateral: Satoshis
    payments_unapplied: UsdCents
    uncovered: UsdCents

    @property
    def outstanding(self) -> UsdCents:
        return UsdCents(self.disbursed.outstanding + self.interest.outstanding)

    @property
    def outstanding_payable(self) -> UsdCents:
        return UsdCents(self.disbursed.outstanding_payable + self.interest.outstanding_payable)

    @property
    def due_outstanding(self) -> UsdCents:
        """Overdue only, as clients know it."""
        return UsdCents(self.disbursed.overdue + self.interest.overdue)


class FacilityBalances:
    def __init__(self, books: cala_ledger.Ledger) -> None:
        self._books = Loader(books.balances.now)

    async def of(self, facilities: Sequence[Facility]) -> Mapping[UUID, FacilityBalance]:
        """By the facility's id; reads of one moment share statements of 512 accounts each."""
        found = await self._books.load_many([account for each in facilities for account in _accounts(each)])
        return {each.id: _balance(_Read(found), each) for each in facilities}


def _accounts(of: Facility) -> list[UUID]:
    ids = of.account_ids
    return [
        ids.facility_account_id,
        ids.facility_payment_holding_account_id,
        ids.facility_uncovered_outstanding_account_id,
        ids.disbursed_receivable_not_yet_due_account_id,
        ids.disbursed_receivable_due_account_id,
        ids.disbursed_receivable_overdue_account_id,
        ids.disbursed_defaulted_account_id,
        ids.interest_receivable_not_yet_due_account_id,
        ids.interest_receivable_due_account_id,
        ids.interest_receivable_overdue_account_id,
        ids.interest_defaulted_account_id,
    ]


class _Read:
    def __init__(self, found: Mapping[UUID, Mapping[str, cala_ledger.Balance]]) -> None:
        self._found = found

    def settled(self, account_id: UUID) -> cala_ledger.Sums:
        balance = self._found.get(account_id, {}).get(USD)
        return (balance or cala_ledger.zero(account_id, USD)).settled

    def usd(self, account_id: UUID, side: cala_ledger.Direction) -> UsdCents:
        return UsdCents(self.settled(account_id).net(side))

    def part(self, not_yet_due: UUID, due: UUID, overdue: UUID, defaulted: UUID) -> Part:
        due_now, overdue_now = self.usd(due, DEBIT), self.usd(overdue, DEBIT)
        return Part(
            total=UsdCents(self.settled(not_yet_due).debit),
            outstanding=UsdCents(self.usd(not_yet_due, DEBIT) + due_now + overdue_now),
            outstanding_payable=UsdCents(due_now + overdue_now),
            overdue=overdue_now,
            defaulted=self.usd(defaulted, DEBIT),
        )


def _balance(read: _Read, of: Facility) -> FacilityBalance:
    ids = of.account_ids
    return FacilityBalance(
        facility_remaining=read.usd(ids.facility_account_id, CREDIT),
        disbursed=read.part(
            ids.disbursed_receivable_not_yet_due_account_id,
            ids.disbursed_receivable_due_account_id,
            ids.disbursed_receivable_overdue_account_id,
            ids.disbursed_defaulted_account_id,
        ),
        interest=read.part(
            ids.interest_receivable_not_yet_due_account_id,
            ids.interest_receivable_due_account_id,
            ids.interest_receivable_overdue_account_id,
            ids.interest_defaulted_account_id,
        ),
        collateral=of.position.collateral,
        payments_unapplied=read.usd(ids.facility_payment_holding_account_id, CREDIT),
        uncovered=read.usd(ids.facility_uncovered_outstanding_account_id, CREDIT),
    )
