"""Why a customer with a loan is not closed, and neither is the account that pays it."""

from __future__ import annotations

from uuid import UUID

from lana.core.credit.facility.repo import FacilityRepo
from lana.core.credit.pending.repo import PendingFacilityRepo
from lana.core.credit.primitives import FacilityAction
from lana.core.credit.proposal.repo import ProposalRepo
from lana.core.customer import Customer, CustomerClosePreconditionFailed
from lana.core.deposit import DepositAccount, DepositAccountClosePreconditionFailed
from lana.lib.authz import Authorizer
from lana.lib.es.op import Op
from lana.lib.pg.database import Database


class NoOpenCredit:
    """Every proposal final, no facility waiting for collateral, every facility closed."""

    def __init__(self, db: Database, authz: Authorizer) -> None:
        self._loans = _Loans(db)
        self._authz = authz

    async def __call__(self, op: Op, customer: Customer) -> None:
        self._authz.enforce(op, FacilityAction.LIST)
        if reason := await self._loans.open_of(op, customer.id):
            raise CustomerClosePreconditionFailed(reason)


class NoCreditToPay:
    """The same of the holder of an account, through which loans are paid out and paid: without it one that
    waits is never activated, and one that is owed never paid. Whoever may close accounts need not see loans.
    """

    def __init__(self, db: Database) -> None:
        self._loans = _Loans(db)

    async def __call__(self, op: Op, account: DepositAccount) -> None:
        if reason := await self._loans.open_of(op, account.account_holder_id):
            raise DepositAccountClosePreconditionFailed(reason)


class _Loans:
    """Read in the order of a loan's life, so that one which moves on meanwhile is met where it is next.

    A proposal made at this very moment guards customer and account, and either closing writes one of them:
    it is seen, or refused. Everything later is made by Ops that write the proposal or what came of it.
    """

    def __init__(self, db: Database) -> None:
        self._proposals = ProposalRepo(db)
        self._pendings = PendingFacilityRepo(db)
        self._facilities = FacilityRepo(db)

    async def open_of(self, op: Op, customer_id: UUID) -> str | None:
        if any(each.is_open for each in await self._proposals.find_all_of_parent(op, customer_id)):
            return "has open credit facility proposals"
        if any(each.is_waiting for each in await self._pendings.find_of_parent(op, customer_id)):
            return "has pending credit facilities"
        if any(not each.is_closed for each in await self._facilities.find_of_parent(op, customer_id)):
            return "has active credit facilities"
        return None
