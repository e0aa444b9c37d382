"""Cycles of interest: begun with the facility, accrued by the end of the day, posted when all is accrued."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from lana.core.credit.cycle.entity import Cycle, Initialized
from lana.core.credit.cycle.repo import CycleRepo
from lana.core.credit.facility.entity import Facility, OpenCycle
from lana.core.credit.history import InterestAccrued, tell
from lana.core.credit.ledger import CreditLedger
from lana.core.credit.margins import Margins
from lana.core.credit.obligation.entity import Obligation
from lana.core.credit.obligations import Obligations
from lana.core.credit.public import AccrualPosted, InterestPosting
from lana.core.terms import MAX_CYCLES, Days, cycle_after, first_cycle
from lana.core.time import BankTime
from lana.lib.es.op import Op
from lana.lib.money import UsdCents
from lana.lib.pg.database import Database


def last_ended(day: date) -> date:
    """The last day that is over while `day` lasts: days end at midnight in the bank's zone, and periods with
    their last day, whatever the closing time is. So a run at 18:00 accrues the day before its own, and
    between midnight and 18:00 that day has ended all the same.
    """
    return day - timedelta(days=1)


class Interest:
    def __init__(
        self,
        db: Database,
        time: BankTime,
        *,
        margins: Margins,
        obligations: Obligations,
    ) -> None:
        self.repo = CycleRepo(db)
        self._time = time
        self._ledger = CreditLedger()
        self._margins = margins
        self._obligations = obligations

    # --- cycles ---------------------------------------------------------------------------------------------

    def start_first_cycle(self, op: Op, facility: Facility) -> Cycle:
        """On the day of activation, which accrues whole."""
        interval = facility.terms.accrual_cycle_interval
        days = first_cycle(facility.activated_on, interval, facility.maturity_date)
        return self._start(op, facility, 1, days)

    def _start(self, op: Op, facility: Facility, idx: int, days: Days) -> Cycle:
        ids = facility.account_ids
        cycle = Cycle.born(
            Initialized(
                id=op.new_id(),
                facility_id=facility.id,
                idx=idx,
                period=days,
                facility_maturity_date=facility.maturity_date,
                interest_receivable_account_id=ids.interest_receivable_not_yet_due_account_id,
                interest_income_account_id=ids.interest_income_account_id,
                terms=facility.terms,
            )
        )
        facility.start_cycle(OpenCycle(id=cycle.id, idx=idx, period=days))
        return op.add(self.repo, cycle)

    async def find_open(self, op: Op, facility: Facility) -> Cycle | None:
        """The cycle under way, guarded; None after the last one."""
        return await op.find(self.repo, facility.cycle.id) if facility.cycle else None

    async def accrued_unposted(self, op: Op, facility: Facility) -> UsdCents:
        """Of periods that have ended, also where the end of the day has not come to them; in no balance and
        no CVL, and owed all the same.
        """
        return self._unposted(facility, await self.find_open(op, facility), op.today)

    async def peek_unposted(self, facility: Facility) -> UsdCents:
        """`accrued_unposted` now, of a facility that is only looked at."""
        cycle = await self.repo.peek(facility.cycle.id) if facility.cycle else None
        return self._unposted(facility, cycle, self._time.today())

    @staticmethod
    def _unposted(facility: Facility, cycle: Cycle | None, today: date) -> UsdCents:
        if cycle is None:
            return UsdCents(0)
        return cycle.unposted_through(last_ended(today), facility.position.outstanding.disbursed)

    # --- what the end of the day does -----------------------------------------------------------------------

    async def catch_up(self, op: Op, facility: Facility, through: date) -> Sequence[Obligation | None]:
        """Every period that ended up to a day accrues, and every cycle complete by then is posted, also where
        several are behind. Answers what each posted one left to pay.
        """
        posted = await self._caught_up(op, facility, through)
        if posted:
            await self._margins.look(op, facility)
        return posted

    async def _caught_up(self, op: Op, facility: Facility, through: date) -> Sequence[Obligation | None]:
        posted: list[Obligation | None] = []
        for _ in range(MAX_CYCLES):
            cycle = await self.find_open(op, facility)
            if cycle is None:
                return posted
            self.accrue(op, facility, cycle, through)
            if not cycle.awaits_posting:
                return posted
            posted.append(await self.post_cycle(op, facility, cycle, due_date=cycle.period.end))
        raise RuntimeError(f"facility {facility.id} has more than {MAX_CYCLES} cycles")

    def accrue(self, op: Op, facility: Facility, cycle: Cycle, through: date) -> int:
        """Every period that ended up to a day, on the principal outstanding now; answers how many."""
        count = 0
        while (following := cycle.next_period) is not None and following.end <= through:
            tx_id = op.new_id()
            before = cycle.accrued
            cycle.accrue(
                facility.position.outstanding.disbursed,
                ledger_tx_id=tx_id,
                accrued_at=self._time.end_of(following.end),
            )
            self._ledger.accrue_interest(
                op,
                tx_id,
                (cycle.interest_receivable_account_id, cycle.interest_income_account_id),
                UsdCents(cycle.accrued - before),
                external_id=f"{cycle.id}-interest-accrual-{cycle.accruals}",
                effective=following.end,
            )
            count += 1
        return count

    async def post_cycle(
        self, op: Op, facility: Facility, cycle: Cycle, *, due_date: date
    ) -> Obligation | None:
        """All that is accrued becomes due on a date; the next cycle begins with the next period. None where
        nothing is owed. Whoever posts looks at the margin when all is moved.
        """
        effective = cycle.accrued_until
        if effective is None:
            raise ValueError(f"nothing is accrued in cycle {cycle.id}")
        tx_id, total = op.new_id(), cycle.accrued
        self._ledger.post_accrued_interest(
            op,
            tx_id,
            facility.account_ids,
            total,
            external_id=cycle.posting_reference,
            effective=effective,
        )
        obligation = self._owe(op, facility, cycle, tx_id, due_date) if total else None
        obligation_id = obligation.id if obligation else None
        cycle.post(tx_id, obligation_id)
        facility.conclude_cycle(tx_id, obligation_id)
        self._announce(op, facility, cycle, tx_id, due_date)
        following = cycle_after(
            Days(cycle.period.start, effective), facility.terms.accrual_cycle_interval, facility.maturity_date
        )
        if following is not None:
            self._start(op, facility, cycle.idx + 1, following)
        facility.move(facility.position.owed(interest=total))
        return obligation

    def _owe(self, op: Op, facility: Facility, cycle: Cycle, tx_id: UUID, due_date: date) -> Obligation:
        assert cycle.accrued_until is not None
        return self._obligations.owe_interest(
            op,
            facility,
            cycle.accrued,
            reference=cycle.posting_reference,
            ledger_tx_id=tx_id,
            due_date=due_date,
            effective=cycle.accrued_until,
        )

    @staticmethod
    def _announce(op: Op, facility: Facility, cycle: Cycle, tx_id: UUID, due_date: date) -> None:
        assert cycle.accrued_until is not None
        days = Days(cycle.period.start, cycle.accrued_until)
        op.publish(
            AccrualPosted(
                id=cycle.id,
                credit_facility_id=facility.id,
                period=days,
                due_at=due_date,
                posting=InterestPosting(tx_id=tx_id, amount=cycle.accrued, effective=cycle.accrued_until),
            )
        )
        told = InterestAccrued(cents=cycle.accrued, days=days.count, ledger_transaction_id=tx_id)
        tell(op, facility.id, told, cycle.accrued_until)

    # --- what the end of a loan does, also where the end of the day is behind -------------------------------

    async def post_ended(self, op: Op, facility: Facility) -> Sequence[Obligation]:
        """All of `accrued_unposted` becomes due: of cycles that are complete on their own dates, of the open
        one today. The payment that follows looks at the margin: in between the loan owes more than ever.
        """
        posted = [*await self._caught_up(op, facility, last_ended(op.today))]
        cycle = await self.find_open(op, facility)
        if cycle is not None and cycle.unposted:
            posted.append(await self.post_cycle(op, facility, cycle, due_date=op.today))
        return [each for each in posted if each is not None]

    async def close_cycle(self, op: Op, facility: Facility) -> None:
        """At completion: what has ended is accrued, then nothing more is, and nothing is posted."""
        await self._caught_up(op, facility, last_ended(op.today))
        cycle = await self.find_open(op, facility)
        if cycle is not None:
            cycle.close()
            facility.conclude_cycle(None)
