"""Cycles of interest: begun with the facility, accrued by the end of the day, posted when all is accrued."""

from __future__ import annotations

from datetime import date
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
from lana.core.terms import Days, cycle_after, first_cycle
from lana.core.time import BankTime
from lana.lib.es.op import Op
from lana.lib.money import UsdCents
from lana.lib.pg.database import Database


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
        """Of periods that have ended; in no balance and no CVL, and owed all the same."""
        cycle = await self.find_open(op, facility)
        return cycle.unposted if cycle else UsdCents(0)

    # --- what the end of the day does -----------------------------------------------------------------------

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
        nothing is owed.
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
        await self._margins.move(op, facility, facility.position.owed(interest=total))
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

    async def close_cycle(self, op: Op, facility: Facility) -> None:
        """At completion: nothing more accrues, and nothing is posted."""
        cycle = await self.find_open(op, facility)
        if cycle is not None:
            cycle.close()
            facility.conclude_cycle(None)
