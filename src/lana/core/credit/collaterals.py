"""Collateral: entered by hand or followed from a wallet, and given back when the loan is over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from uuid import UUID

from lana.core.credit.collateral.entity import Change, Collateral
from lana.core.credit.collateral.errors import CollateralReleased
from lana.core.credit.collateral.repo import CollateralRepo
from lana.core.credit.config import COLLATERAL_RELEASE_FLOOR
from lana.core.credit.cvl import cvl
from lana.core.credit.facility.entity import Facility
from lana.core.credit.facility.errors import BelowMarginLimit
from lana.core.credit.facility.repo import FacilityRepo
from lana.core.credit.history import CollateralChanged, tell
from lana.core.credit.interest import Interest
from lana.core.credit.ledger import CreditLedger
from lana.core.credit.margins import Margins
from lana.core.credit.pending.entity import PendingFacility
from lana.core.credit.pending.repo import PendingFacilityRepo
from lana.core.credit.primitives import Actor, CollateralAction, CollateralDirection, ReleaseState
from lana.core.credit.public import CollateralAdjustment, CollateralUpdated
from lana.core.domain_config import Settings
from lana.lib.authz import Authorizer, Check
from lana.lib.es.op import Op
from lana.lib.money import Satoshis, UsdCents, require_satoshis
from lana.lib.pg.database import Database

Finish = Callable[[Op, Facility], Awaitable[None]]


class Collaterals:
    """`finish` closes a facility whose collateral is back; given by whoever wires completion."""

    def __init__(
        self,
        db: Database,
        authz: Authorizer,
        settings: Settings,
        *,
        margins: Margins,
        interest: Interest,
    ) -> None:
        self.repo = CollateralRepo(db)
        self._facilities = FacilityRepo(db)
        self._pendings = PendingFacilityRepo(db)
        self._authz = authz
        self._settings = settings
        self._margins = margins
        self._interest = interest
        self._ledger = CreditLedger()
        self.finish: Finish | None = None

    # --- by hand --------------------------------------------------------------------------------------------

    async def update(self, op: Op, collateral_id: UUID, total: Satoshis, effective: date) -> Collateral:
        """Set the total. ManualUpdateError with a wallet; PriceStale or BelowMarginLimit for a removal;
        AmountTooLarge.
        """
        self._authz.enforce(op, CollateralAction.RECORD_MANUAL_UPDATE, collateral_id)
        require_satoshis(total, "collateral")
        collateral = await op.find(self.repo, collateral_id)
        collateral.require_manual()
        change = collateral.difference(total)
        if change is None:
            return collateral
        if collateral.release_state is not ReleaseState.NONE:
            raise CollateralReleased(collateral_id)
        loan = await self._loan(op, collateral)
        if isinstance(loan, Facility) and change.direction is CollateralDirection.REMOVE:
            await self._check_removal(op, loan, total)
        tx_id = op.new_id()
        collateral.update_manually(change, tx_id)
        await self._changed(op, collateral, change, tx_id, effective)
        return collateral

    async def _check_removal(self, op: Op, facility: Facility, total: Satoshis) -> None:
        """While anything is owed: at a fresh price, and not below the floor that the settings name. Interest
        accrued and not posted is owed too.
        """
        accrued = await self._interest.accrued_unposted(op, facility)
        owed = UsdCents(facility.position.exposure + accrued)
        if owed == 0:
            return
        price = await self._margins.prices.require_fresh(op)
        percent = cvl(total, owed, price)
        at = facility.thresholds
        match self._settings.get(COLLATERAL_RELEASE_FLOOR):
            case "MARGIN_CALL":
                floor = at.margin_call
            case "INITIAL":
                floor = at.initial
            case _:
                return
        if percent is not None and percent < floor:
            raise BelowMarginLimit(facility.id, field="collateral")

    async def _changed(
        self, op: Op, collateral: Collateral, change: Change, tx_id: UUID, effective: date
    ) -> None:
        post = (
            self._ledger.add_collateral
            if change.direction is CollateralDirection.ADD
            else self._ledger.remove_collateral
        )
        post(op, tx_id, collateral.account_ids, change.amount, effective)
        self.announce(op, collateral, change, tx_id, collateral.amount)
        await self.held(op, collateral)

    @staticmethod
    def announce(op: Op, collateral: Collateral, change: Change, tx_id: UUID, total: Satoshis) -> None:
        """`total` after the change. The history has it on the day it is recorded, whatever day it is
        effective.
        """
        adjustment = CollateralAdjustment(tx_id=tx_id, abs_diff=change.amount, direction=change.direction)
        op.publish(
            CollateralUpdated(
                id=collateral.id,
                secured_loan_id=collateral.secured_loan_id,
                amount=total,
                adjustment=adjustment,
            )
        )
        told = CollateralChanged(
            satoshis=change.amount, direction=change.direction, ledger_transaction_id=tx_id
        )
        tell(op, collateral.secured_loan_id, told)

    async def held(self, op: Op, collateral: Collateral) -> None:
        """The loan it secures learns what is there now."""
        loan = await self._loan(op, collateral)
        if isinstance(loan, Facility):
            await self._margins.move(op, loan, loan.position.held(collateral.amount))
        else:
            await self._margins.hold_pending(op, loan, collateral.amount)

    async def _loan(self, op: Op, collateral: Collateral) -> Facility | PendingFacility:
        """The facility, or the one that waits. That there is no facility is not guarded, but the one that
        waits is, and an activation writes it; one that waits no longer was activated between two reads.
        """
        loan_id = collateral.secured_loan_id
        facility = await op.maybe_find(self._facilities, loan_id)
        if facility is not None:
            return facility
        pending = await op.find(self._pendings, loan_id)
        return pending if pending.is_waiting else await op.find(self._facilities, loan_id)

    # --- what the wallet shows is always recorded -----------------------------------------------------------

    async def sync_with_wallet(self, op: Op, wallet_id: UUID, balance: Satoshis, effective: date) -> None:
        """Follow a wallet; a loan that waits for its coins to leave is closed when the wallet is empty."""
        found = await self.repo.maybe_by("wallet_id", wallet_id)
        if found is None:
            return
        collateral = op.keep(self.repo, found)
        check = Check(op.subject, CollateralAction.RECORD_CUSTODIAN_SYNC, (collateral.id,), authorized=True)
        op.record_system(Actor.CUSTODIAN_SYNC, check)
        tx_id = op.new_id()
        change = collateral.sync_with_wallet(balance, tx_id)
        if change is not None:
            await self._changed(op, collateral, change, tx_id, effective)
        if collateral.may_be_released and balance == 0:
            await self._close(op, collateral)

    async def _close(self, op: Op, collateral: Collateral) -> None:
        collateral.release()
        facility = await op.find(self._facilities, collateral.secured_loan_id)
        assert self.finish is not None
        await self.finish(op, facility)

    # --- the loan is over -----------------------------------------------------------------------------------

    async def release(self, op: Op, facility: Facility) -> bool:
        """To the customer at once where it is held by hand; from a wallet it has to be sent first."""
        collateral = await op.find(self.repo, facility.collateral_id)
        collateral.request_release()
        if collateral.has_wallet and (collateral.amount or collateral.in_transit):
            return False
        change = collateral.difference(Satoshis(0))
        if change is not None:
            tx_id = op.new_id()
            collateral.update_manually(change, tx_id)
            await self._changed(op, collateral, change, tx_id, op.today)
        collateral.release()
        return True
