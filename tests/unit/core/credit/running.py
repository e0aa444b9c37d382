"""A loan lived day by day in memory: the services of the bank and of its end of day on one Op that is never
written, its clock put forward by hand.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterator, Sequence
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeVar, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from lana.core.credit.accounts import draw_pending_ids
from lana.core.credit.activations import Activations
from lana.core.credit.allocating import unpaid
from lana.core.credit.completions import Completions
from lana.core.credit.cycle.entity import Cycle, InterestAccrued
from lana.core.credit.disbursals import Disbursals
from lana.core.credit.end_of_day import (
    FacilityMaturities,
    InterestAccruals,
    InterestPostings,
    ObligationTransitions,
)
from lana.core.credit.facility.entity import Facility
from lana.core.credit.interest import Interest, last_ended
from lana.core.credit.margins import Margins
from lana.core.credit.obligation.entity import Obligation
from lana.core.credit.obligation.repo import ObligationRepo
from lana.core.credit.obligations import Obligations
from lana.core.credit.payments import Payments
from lana.core.credit.pending.entity import Initialized, PendingFacility
from lana.core.credit.plan import PlanEntry, offered_plan, plan_of
from lana.core.customer import CustomerType
from lana.core.price import CurrentPrice
from lana.core.terms import TermValues
from lana.core.time import BankTime
from lana.lib.authz import Ctx, Subject
from lana.lib.closing import Closing
from lana.lib.es.op import Op
from lana.lib.money import Satoshis, UsdCents

T = TypeVar("T")

PRICE = UsdCents(10_000_000)
PLENTY = Satoshis(10**13)


class Accrual(NamedTuple):
    """Interest of a period that ends on a day, and the principal it was worked out on."""

    end: date
    amount: int
    base: int


class Outside:
    """All that a loan asks of others: they agree to everything, and the price stands."""

    async def fetch(self, sql: str, params: object) -> Sequence[tuple[int]]:
        return [(0,)]

    async def draw(self, *args: object) -> str:
        return "1000"

    async def current(self, op: Op) -> CurrentPrice:
        return CurrentPrice(PRICE, fresh=True)

    async def agree(self, *args: object, **kwargs: object) -> bool:
        return True

    find_eligible = start_process = is_active = release = end = agree

    def __init__(self, zone: ZoneInfo) -> None:
        self.repos: dict[str, object] = {}
        self.zone = zone

    def enforce(self, *args: object) -> None:
        pass

    def get(self, setting: object) -> ZoneInfo:
        return self.zone


class Debts(ObligationRepo):
    async def find_unpaid(self, op: Op, facility_id: UUID) -> list[Obligation]:
        return [each for each in entities_of(op, Obligation) if each.outstanding]


def entities_of(op: Op, kind: type[T]) -> list[T]:
    return [each.entity for each in op.tracked.values() if isinstance(each.entity, kind)]


class RunningLoan:
    """Begun at noon of a day; `behind` is how many days late each closing is run."""

    def __init__(self, terms: TermValues, amount: int, day: date, zone: ZoneInfo, behind: int = 0) -> None:
        outside = cast("Any", Outside(zone))
        self.time = BankTime(cast("Any", SimpleNamespace(now=lambda: self.op.now)), outside)
        self.op = Op(Ctx(subject=Subject.system("test")), self.noon_of(day), day)
        self.behind = behind
        self.amount = UsdCents(amount)
        self.terms = terms
        self.paid = 0
        self.accruals: list[Accrual] = []
        self.debts = Debts(outside)
        obligations, margins = Obligations(outside), Margins(outside, outside)
        obligations.repo = self.debts
        self.interest = Interest(outside, self.time, margins=margins, obligations=obligations)
        parts: Any = {"margins": margins, "obligations": obligations}
        others: Any = {"public_ids": outside, "deposit_accounts": outside}
        self.activations = Activations(outside, self.time, interest=self.interest, **parts, **others)
        self.disbursals = Disbursals(
            outside, outside, customers=outside, governance=outside, **parts, **others
        )
        self.payments = Payments(outside, outside, deposit_accounts=outside, interest=self.interest, **parts)
        self.completions = Completions(
            outside,
            outside,
            margins=margins,
            interest=self.interest,
            collaterals=outside,
            liquidations=outside,
        )
        self.completions._obligations = self.debts
        self.transitions = ObligationTransitions(outside, outside, margins=margins)
        self.maturities = FacilityMaturities(outside, outside)
        self.accruing = InterestAccruals(outside, outside, self.interest)
        self.posting = InterestPostings(outside, outside, self.interest)

    # --- what is --------------------------------------------------------------------------------------------

    def noon_of(self, day: date) -> datetime:
        return self.time.start_of(day) + timedelta(hours=12)

    @property
    def today(self) -> date:
        return self.op.today

    @property
    def facility(self) -> Facility:
        (facility,) = entities_of(self.op, Facility)
        return facility

    @property
    def cycles(self) -> list[Cycle]:
        return entities_of(self.op, Cycle)

    @property
    def obligations(self) -> list[Obligation]:
        return entities_of(self.op, Obligation)

    def offered(self) -> list[PlanEntry]:
        return offered_plan(self.terms, self.amount, self.op.now, self.today, self.time.end_of)

    def plan(self) -> list[PlanEntry]:
        """As it is shown: from what is stored, the newest first."""
        return plan_of(self.facility, self.obligations[::-1], self.cycles[::-1], self.time.end_of)

    # --- what is done ---------------------------------------------------------------------------------------

    async def activate(self) -> None:
        pending = PendingFacility.born(
            Initialized(
                id=self.op.new_id(),
                credit_facility_proposal_id=self.op.new_id(),
                ledger_tx_id=self.op.new_id(),
                approval_process_id=self.op.new_id(),
                customer_id=self.op.new_id(),
                customer_type=CustomerType.INDIVIDUAL,
                collateral_id=self.op.new_id(),
                terms=self.terms,
                amount=self.amount,
                account_ids=draw_pending_ids(self.op),
                disbursal_credit_account_id=self.op.new_id(),
            )
        )
        pending.hold(PLENTY)
        self.op.add(self.activations.pendings, pending)
        await self.activations.begin(self.op, pending, PRICE)

    async def draw(self, amount: int) -> None:
        disbursal = await self.disbursals.initiate(self.op, self.facility.id, UsdCents(amount))
        await self.disbursals.conclude_approval(self.op, disbursal.id, True)

    async def owed(self) -> int:
        """To the last cent, interest of all days that are over among it."""
        accrued = await self.interest.accrued_unposted(self.op, self.facility)
        return unpaid(self.obligations) + accrued

    async def pay(self, amount: int) -> None:
        """At most what is unpaid, or exactly what is owed."""
        self.paid += amount
        await self._accruing(self.payments.record(self.op, self.facility.id, UsdCents(amount)))

    async def complete(self) -> None:
        await self._accruing(self.completions.complete(self.op, self.facility.id))

    async def end_day(self) -> None:
        """To the next day, whose closing is run, or that of some days before."""
        self.op.today += timedelta(days=1)
        self.op.now = self.time.start_of(self.today)
        day = self.today - timedelta(days=self.behind)
        if day > self.facility.activated_on:
            await self._accruing(self._close(day))
        self.op.now = self.noon_of(self.today)

    async def _close(self, day: date) -> None:
        closing = Closing(day, self.time.start_of(day), self.time.zone.key)
        moving = [o.id for o in self.obligations if o.next_transition and o.next_transition <= day]
        await self.transitions.move(self.op, moving, closing)
        await self.maturities.mature(self.op, [self.facility.id], closing)
        ended = last_ended(day)
        accruing = [c.id for c in self.cycles if c.next_accrual_on and c.next_accrual_on <= ended]
        await self.accruing.accrue(self.op, accruing, closing)
        await self.posting.post(self.op, [c.id for c in self.cycles if c.awaits_posting], closing)

    async def _accruing(self, doing: Awaitable[object]) -> None:
        """What it accrues is kept with the principal before it."""
        base, before = self.facility.position.outstanding.disbursed, self._periods
        await doing
        if self._periods > before:
            new = list(self._accrued())[before:]
            self.accruals += [Accrual(event.period.end, event.amount, base) for event in new]

    @property
    def _periods(self) -> int:
        return sum(each.accruals for each in self.cycles)

    def _accrued(self) -> Iterator[InterestAccrued]:
        for cycle in self.cycles:
            for event in cycle.pending:
                if isinstance(event, InterestAccrued):
                    yield event
