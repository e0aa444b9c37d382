"""What a facility's ledger accounts hold, read live; many facilities in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec

import cala_ledger
from lana.core.credit.collateral.repo import CollateralRepo
from lana.core.credit.facility.entity import Facility
from lana.lib.es.loader import Loader
from lana.lib.money import Satoshis, UsdCents
from lana.lib.pg.database import Database

CREDIT: Final = cala_ledger.Direction.CREDIT
DEBIT: Final = cala_ledger.Direction.DEBIT

REMEMBERED: Final = 100_000


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
    def __init__(self, db: Database, books: cala_ledger.Ledger) -> None:
        self._books = Loader(books.balances.now)
        self._collaterals = CollateralRepo(db)
        self._coins: dict[UUID, UUID] = {}

    async def of(self, facilities: Sequence[Facility]) -> Mapping[UUID, FacilityBalance]:
        """By the facility's id; reads of one moment share statements of 512 accounts each."""
        coins = await self._coin_accounts([each.collateral_id for each in facilities])
        wanted = [account for each in facilities for account in _accounts(each)]
        found = await self._books.load_many([*wanted, *coins.values()])
        return {each.id: _balance(_Read(found), each, coins.get(each.collateral_id)) for each in facilities}

    async def _coin_accounts(self, ids: Sequence[UUID]) -> Mapping[UUID, UUID]:
        """Collateral's ledger accounts, which never change: each is looked up once."""
        if len(self._coins) > REMEMBERED:
            self._coins.clear()
        unknown = [each for each in ids if each not in self._coins]
        for id_, found in (await self._collaterals.peek_many(unknown)).items():
            self._coins[id_] = found.account_ids.collateral_account_id
        return {each: self._coins[each] for each in ids if each in self._coins}


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

    def settled(self, account_id: UUID, currency: str = "USD") -> cala_ledger.Sums:
        balance = self._found.get(account_id, {}).get(currency)
        return (balance or cala_ledger.zero(account_id, currency)).settled

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


def _balance(read: _Read, of: Facility, collateral_account_id: UUID | None) -> FacilityBalance:
    ids = of.account_ids
    coins = read.settled(collateral_account_id, "BTC").net(CREDIT) if collateral_account_id else 0
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
        collateral=Satoshis(coins),
        payments_unapplied=read.usd(ids.facility_payment_holding_account_id, CREDIT),
        uncovered=read.usd(ids.facility_uncovered_outstanding_account_id, CREDIT),
    )
