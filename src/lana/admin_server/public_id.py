"""What a public id stands for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Final
from uuid import UUID

import strawberry

from lana.admin_server.common import Info
from lana.admin_server.credit_disbursal import CreditFacilityDisbursal
from lana.admin_server.credit_facility import CreditFacility
from lana.admin_server.credit_request import CreditRequest
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
    | CreditFacility
    | CreditFacilityDisbursal
    | CreditRequest,
    strawberry.union("PublicIdTarget"),
]


@strawberry.type
class Query:
    @strawberry.field
    async def public_id_target(self, info: Info, id: PublicId) -> PublicIdTarget | None:
        target = await info.context.app.public_ids.find(id)
        return await FINDERS[target.kind](info, target.target_id) if target else None


async def _customer(info: Info, target_id: UUID) -> PublicIdTarget | None:
    found = await info.context.app.customers.maybe_find_customer(info.context.ctx, target_id)
    return Customer.of(found) if found else None


async def _prospect(info: Info, target_id: UUID) -> PublicIdTarget | None:
    found = await info.context.app.prospects.maybe_find_prospect(info.context.ctx, target_id)
    return Prospect.of(found) if found else None


async def _deposit_account(info: Info, target_id: UUID) -> PublicIdTarget | None:
    found = await info.context.app.deposit_accounts.maybe_find_account(info.context.ctx, target_id)
    return DepositAccount.of(found) if found else None


async def _deposit(info: Info, target_id: UUID) -> PublicIdTarget | None:
    found = await info.context.app.deposits.maybe_find_deposit(info.context.ctx, target_id)
    return Deposit.of(found) if found else None


async def _withdrawal(info: Info, target_id: UUID) -> PublicIdTarget | None:
    found = await info.context.app.withdrawals.maybe_find_withdrawal(info.context.ctx, target_id)
    return Withdrawal.of(found) if found else None


async def _credit_facility(info: Info, target_id: UUID) -> PublicIdTarget | None:
    reading = info.context.app.credit.facility_reading
    found = await reading.maybe_find_facility(info.context.ctx, target_id)
    return CreditFacility.of(found) if found else None


async def _disbursal(info: Info, target_id: UUID) -> PublicIdTarget | None:
    reading = info.context.app.credit.facility_reading
    found = await reading.maybe_find_disbursal(info.context.ctx, target_id)
    return CreditFacilityDisbursal.of(found) if found else None


async def _credit_request(info: Info, target_id: UUID) -> PublicIdTarget | None:
    found = await info.context.app.credit_requests.maybe_find_request(info.context.ctx, target_id)
    return CreditRequest.of(found) if found else None


FINDERS: Final[Mapping[TargetKind, Callable[[Info, UUID], Awaitable[PublicIdTarget | None]]]] = {
    TargetKind.CUSTOMER: _customer,
    TargetKind.PROSPECT: _prospect,
    TargetKind.DEPOSIT_ACCOUNT: _deposit_account,
    TargetKind.DEPOSIT: _deposit,
    TargetKind.WITHDRAWAL: _withdrawal,
    TargetKind.CREDIT_FACILITY: _credit_facility,
    TargetKind.DISBURSAL: _disbursal,
    TargetKind.CREDIT_REQUEST: _credit_request,
}
