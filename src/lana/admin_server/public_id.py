"""What a public id stands for."""

from __future__ import annotations

from typing import Annotated

import strawberry

from lana.admin_server import later
from lana.admin_server.common import Info
from lana.admin_server.customer import Customer, Prospect
from lana.admin_server.deposit import Deposit, DepositAccount, Withdrawal
from lana.core.public_id import TargetKind
from lana.lib.graphql import PublicId

PublicIdTarget = Annotated[
    Customer
    | Prospect
    | DepositAccount
    | Deposit
    | Withdrawal
    | later.CreditFacility
    | later.CreditFacilityDisbursal,
    strawberry.union("PublicIdTarget"),
]


@strawberry.type
class Query:
    @strawberry.field
    async def public_id_target(self, info: Info, id: PublicId) -> PublicIdTarget | None:
        app, ctx = info.context.app, info.context.ctx
        target = await app.public_ids.find(id)
        match target and target.kind:
            case TargetKind.CUSTOMER:
                customer = await app.customers.maybe_find_customer(ctx, target.target_id)
                return Customer.of(customer) if customer else None
            case TargetKind.PROSPECT:
                prospect = await app.prospects.maybe_find_prospect(ctx, target.target_id)
                return Prospect.of(prospect) if prospect else None
            case TargetKind.DEPOSIT_ACCOUNT:
                account = await app.deposit_accounts.maybe_find_account(ctx, target.target_id)
                return DepositAccount.of(account) if account else None
            case TargetKind.DEPOSIT:
                deposit = await app.deposits.maybe_find_deposit(ctx, target.target_id)
                return Deposit.of(deposit) if deposit else None
            case TargetKind.WITHDRAWAL:
                withdrawal = await app.withdrawals.maybe_find_withdrawal(ctx, target.target_id)
                return Withdrawal.of(withdrawal) if withdrawal else None
            case _:
                return None
