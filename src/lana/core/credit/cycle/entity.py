"""A cycle of interest: accrued period by period, posted once at its end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from itertools import takewhile
from typing import ClassVar, Self
from uuid import UUID

from lana.core.terms import Days, TermValues, cycles, periods
from lana.lib.es.entity import ALREADY, Entity, Event, Outcome
from lana.lib.money import UsdCents


class Initialized(Event, frozen=True, tag="initialized"):
    id: UUID
    facility_id: UUID
    idx: int
    period: Days
    facility_maturity_date: date
    interest_receivable_account_id: UUID
    interest_income_account_id: UUID
    terms: TermValues


class InterestAccrued(Event, frozen=True, tag="interest_accrued"):
    """`accrued_at` is the end of the period; the ledger has no transaction where the amount is 0."""

    ledger_tx_id: UUID
    tx_ref: str
    amount: UsdCents
    accrued_at: datetime
    period: Days


class InterestAccrualsPosted(Event, frozen=True, tag="interest_accruals_posted"):
    ledger_tx_id: UUID
    tx_ref: str
    obligation_id: UUID | None
    total: UsdCents
    effective: date


class Closed(Event, frozen=True, tag="closed"):
    """The loan was completed: nothing more accrues and nothing is posted."""


CycleEvent = Initialized | InterestAccrued | InterestAccrualsPosted | Closed


class Cycle(Entity[CycleEvent]):
    """Posted once, and only what was accrued."""

    kind: ClassVar[str] = "interest_accrual_cycle"
    event_types: ClassVar[object] = CycleEvent

    facility_id: UUID
    idx: int
    period: Days
    facility_maturity_date: date
    interest_receivable_account_id: UUID
    interest_income_account_id: UUID
    terms: TermValues
    accrued_until: date | None = None
    accruals: int = 0
    accrued: UsdCents = UsdCents(0)
    is_posted: bool = False
    posted_tx_id: UUID | None = None
    is_closed: bool = False

    @classmethod
    def begin(cls, event: CycleEvent) -> Self:
        assert isinstance(event, Initialized)
        return cls(
            id=event.id,
            facility_id=event.facility_id,
            idx=event.idx,
            period=event.period,
            facility_maturity_date=event.facility_maturity_date,
            interest_receivable_account_id=event.interest_receivable_account_id,
            interest_income_account_id=event.interest_income_account_id,
            terms=event.terms,
        )

    def apply(self, event: CycleEvent) -> None:
        match event:
            case InterestAccrued():
                self.accrued_until = event.period.end
                self.accruals += 1
                self.accrued = UsdCents(self.accrued + event.amount)
            case InterestAccrualsPosted():
                self.is_posted = True
                self.posted_tx_id = event.ledger_tx_id
            case Closed():
                self.is_closed = True
            case Initialized():
                raise ValueError("a cycle begins once")

    @property
    def is_open(self) -> bool:
        return not (self.is_posted or self.is_closed)

    @property
    def unposted(self) -> UsdCents:
        """What is accrued and neither posted nor given up."""
        return self.accrued if self.is_open else UsdCents(0)

    def unposted_through(self, day: date, base: UsdCents) -> UsdCents:
        """As `unposted` once every period that ends up to a day is accrued on a base, those of the cycles
        that follow among them.
        """
        if not self.is_open:
            return UsdCents(0)
        ended = takewhile(lambda each: each.end <= day, self._periods_to_come())
        return UsdCents(self.accrued + sum(self.terms.interest(base, each.count) for each in ended))

    def _periods_to_come(self) -> Iterator[Days]:
        """Those not accrued, to maturity."""
        after = self.accrued_until
        interval, maturity = self.terms.accrual_cycle_interval, self.facility_maturity_date
        for cycle in cycles(self.period.start, interval, maturity):
            yield from periods(cycle, self.terms.accrual_interval, after)
            after = None

    @property
    def next_period(self) -> Days | None:
        """What is accrued next; None when all periods are, or the cycle is over."""
        if not self.is_open:
            return None
        return next(periods(self.period, self.terms.accrual_interval, self.accrued_until), None)

    @property
    def next_accrual_on(self) -> date | None:
        """The last day of the next period: accrued once that day has ended."""
        following = self.next_period
        return following.end if following else None

    @property
    def awaits_posting(self) -> bool:
        return self.is_open and self.next_period is None

    def accrue(self, base: UsdCents, *, ledger_tx_id: UUID, accrued_at: datetime) -> Outcome:
        """The next period's interest on what is outstanding, up to the cent."""
        period = self.next_period
        if period is None:
            return ALREADY
        return self.emit(
            InterestAccrued(
                ledger_tx_id=ledger_tx_id,
                tx_ref=f"{self.id}-interest-accrual-{self.accruals + 1}",
                amount=self.terms.interest(base, period.count),
                accrued_at=accrued_at,
                period=period,
            )
        )

    @property
    def posting_reference(self) -> str:
        return f"{self.facility_id}-interest-accrual-cycle-{self.idx}"

    def post(self, ledger_tx_id: UUID, obligation_id: UUID | None) -> Outcome:
        """All that was accrued, on the last day that was."""
        if not self.is_open or self.accrued_until is None:
            return ALREADY
        return self.emit(
            InterestAccrualsPosted(
                ledger_tx_id=ledger_tx_id,
                tx_ref=self.posting_reference,
                obligation_id=obligation_id,
                total=self.accrued,
                effective=self.accrued_until,
            )
        )

    def close(self) -> Outcome:
        return self.emit(Closed()) if self.is_open else ALREADY
