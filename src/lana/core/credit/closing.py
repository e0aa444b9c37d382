"""Why a customer with a loan is not closed."""

from __future__ import annotations

from lana.core.credit.facility.repo import FacilityRepo
from lana.core.credit.pending.repo import PendingFacilityRepo
from lana.core.credit.primitives import FacilityAction
from lana.core.credit.proposal.repo import ProposalRepo
from lana.core.customer import Customer, CustomerClosePreconditionFailed
from lana.lib.authz import Authorizer
from lana.lib.es.op import Op
from lana.lib.pg.database import Database


class NoOpenCredit:
    """Every proposal final, no facility waiting for collateral, every facility closed.

    A proposal made at this very moment guards the customer, whom closing writes, so it is seen or refused.
    """

    def __init__(self, db: Database, authz: Authorizer) -> None:
        self._proposals = ProposalRepo(db)
        self._pendings = PendingFacilityRepo(db)
        self._facilities = FacilityRepo(db)
        self._authz = authz

    async def __call__(self, op: Op, customer: Customer) -> None:
        self._authz.enforce(op, FacilityAction.LIST)
        if any(each.is_open for each in await self._proposals.find_of_parent(op, customer.id)):
            raise CustomerClosePreconditionFailed("has open credit facility proposals")
        if any(each.is_waiting for each in await self._pendings.find_of_parent(op, customer.id)):
            raise CustomerClosePreconditionFailed("has pending credit facilities")
        if any(not each.is_closed for each in await self._facilities.find_of_parent(op, customer.id)):
            raise CustomerClosePreconditionFailed("has active credit facilities")
