"""Why a customer with money at the bank is not closed."""

from __future__ import annotations

from lana.core.customer import Customer, CustomerClosePreconditionFailed, CustomerStatus
from lana.core.deposit.account.errors import DepositAccountAlreadyExists
from lana.core.deposit.account.repo import DepositAccountRepo
from lana.core.deposit.accounts import HOLDER_SPACE
from lana.core.deposit.ledger import external_id
from lana.core.deposit.primitives import AccountAction, WithdrawalAction
from lana.core.deposit.withdrawal.repo import WithdrawalRepo
from lana.lib.authz import Authorizer
from lana.lib.es.op import Op
from lana.lib.pg.database import Database


class NoOpenDeposits:
    """Every account of the customer must be closed, which is final, and no withdrawal under way.

    A customer without account has the one they could open claimed here: else one opened at this very moment,
    whose Op only guards the customer, would not be seen by either.
    """

    def __init__(self, db: Database, authz: Authorizer) -> None:
        self._accounts = DepositAccountRepo(db)
        self._withdrawals = WithdrawalRepo(db)
        self._authz = authz

    async def __call__(self, op: Op, customer: Customer) -> None:
        self._authz.enforce(op, AccountAction.LIST)
        ids = await self._accounts.ids_of_holder(customer.id)
        accounts = await op.find_many(self._accounts, ids)
        if any(not account.is_closed for account in accounts.values()):
            raise CustomerClosePreconditionFailed("has active deposit accounts")
        self._authz.enforce(op, WithdrawalAction.LIST)
        if await self._withdrawals.has_pending(ids):
            raise CustomerClosePreconditionFailed("has pending withdrawals")
        if not ids and customer.status is not CustomerStatus.CLOSED:
            op.claim(HOLDER_SPACE, str(customer.id), DepositAccountAlreadyExists(external_id(customer.id)))
