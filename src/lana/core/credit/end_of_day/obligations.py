"""First: what is due by date becomes due, overdue, defaulted."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from lana.core.credit.end_of_day.pages import Pages
from lana.core.credit.facility.repo import FacilityRepo
from lana.core.credit.ledger import CreditLedger
from lana.core.credit.margins import Margins
from lana.core.credit.obligation.entity import Obligation, Transition
from lana.core.credit.obligation.repo import ObligationRepo
from lana.core.credit.position import Position
from lana.core.credit.primitives import Actor, ObligationAction, ObligationStatus
from lana.core.credit.public import ObligationDefaulted, ObligationDue, ObligationOverdue
from lana.core.credit.snapshots import told_obligation
from lana.lib.authz import Check
from lana.lib.closing import Closing, PageDone
from lana.lib.es.commands import Commands
from lana.lib.es.op import Op
from lana.lib.pg.database import Database

_DUE: Final = (
    "select id from obligations where next_transition <= %b::date and id > %b::uuid"
    " order by id limit %b::int8"
)


class ObligationTransitions:
    """`Step`."""

    name: str = "obligation-transitions"

    def __init__(self, db: Database, commands: Commands, *, margins: Margins) -> None:
        self._pages = Pages(db, commands, Actor.OBLIGATION_SYNC, _DUE)
        self._obligations = ObligationRepo(db)
        self._facilities = FacilityRepo(db)
        self._margins = margins
        self._ledger = CreditLedger()

    async def page(self, closing: Closing, cursor: str | None) -> PageDone:
        return await self._pages.page(closing, cursor, closing.day, self.move)

    async def move(self, op: Op, ids: list[UUID], closing: Closing) -> int:
        """Every transition up to the day: a duration of 0 makes two on one day."""
        op.record(Check(op.subject, ObligationAction.UPDATE_STATUS, tuple(ids), authorized=True))
        obligations = await op.find_many(self._obligations, ids)
        loans = {each.beneficiary_id for each in obligations.values()}
        facilities = await op.find_many(self._facilities, loans)
        positions = {loan_id: facility.position for loan_id, facility in facilities.items()}
        count = 0
        for obligation in obligations.values():
            while (transition := obligation.due_transition(closing.day)) is not None:
                position = positions[obligation.beneficiary_id]
                positions[obligation.beneficiary_id] = _after(position, obligation, transition)
                self._record(op, obligation, transition)
                count += 1
        for loan_id, position in positions.items():
            await self._margins.move(op, facilities[loan_id], position)
        return count

    def _record(self, op: Op, obligation: Obligation, transition: Transition) -> None:
        tx_id, amount, on = op.new_id(), transition.amount, transition.effective
        moved = (transition.from_account_id, transition.to_account_id)
        obligation.record(transition, tx_id)
        match transition.to:
            case ObligationStatus.DUE:
                self._ledger.record_due(op, tx_id, moved, amount, on)
                op.publish(told_obligation(ObligationDue, obligation, op.now))
            case ObligationStatus.OVERDUE:
                self._ledger.record_overdue(op, tx_id, moved, amount, on)
                op.publish(told_obligation(ObligationOverdue, obligation, op.now))
            case ObligationStatus.DEFAULTED:
                self._ledger.record_defaulted(op, tx_id, moved, amount, on)
                op.publish(told_obligation(ObligationDefaulted, obligation, op.now))
            case ObligationStatus.NOT_YET_DUE | ObligationStatus.PAID:
                raise ValueError(f"no date leads to {transition.to}")


def _after(position: Position, obligation: Obligation, transition: Transition) -> Position:
    """Due makes payable; overdue stays so; what has defaulted is no exposure any more."""
    kind = obligation.obligation_type
    match transition.to:
        case ObligationStatus.DUE:
            return position.owed_of(kind, outstanding=0, payable=transition.amount)
        case ObligationStatus.DEFAULTED:
            payable = -transition.amount if obligation.is_payable else 0
            return position.owed_of(kind, outstanding=-transition.amount, payable=payable)
        case _:
            return position
