"""The caller's own facilities: terms, balance, history, plan, collateral."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import strawberry

from lana.app.views.credit import (
    CreditFacilityHistoryEntry,
    CreditFacilityRepaymentPlanEntry,
    history_entry,
)
from lana.app.views.terms import CvlPct, cvl_pct
from lana.core import credit as core
from lana.customer_server.common import Info
from lana.customer_server.terms import TermValues
from lana.lib.graphql import Satoshis, UsdCents

strawberry.enum(core.FacilityStatus, name="CreditFacilityStatus")
strawberry.enum(core.DisbursalStatus)


@strawberry.type
class Total:
    usd_balance: UsdCents


@strawberry.type
class Outstanding:
    usd_balance: UsdCents


@strawberry.type
class FacilityRemaining:
    usd_balance: UsdCents


@strawberry.type
class Collateral:
    btc_balance: Satoshis


@strawberry.type
class Disbursed:
    total: Total
    outstanding: Outstanding
    due_outstanding: Outstanding


@strawberry.type
class Interest:
    total: Total
    outstanding: Outstanding
    due_outstanding: Outstanding


@strawberry.type
class CreditFacilityBalance:
    """`outstanding` is due or overdue, `dueOutstanding` overdue."""

    facility_remaining: FacilityRemaining
    disbursed: Disbursed
    interest: Interest
    outstanding: Outstanding
    due_outstanding: Outstanding
    collateral: Collateral

    @classmethod
    def of(cls, balance: core.FacilityBalance) -> CreditFacilityBalance:
        disbursed, interest = balance.disbursed, balance.interest
        return cls(
            facility_remaining=FacilityRemaining(usd_balance=balance.facility_remaining),
            disbursed=Disbursed(
                total=Total(usd_balance=disbursed.total),
                outstanding=Outstanding(usd_balance=disbursed.outstanding_payable),
                due_outstanding=Outstanding(usd_balance=disbursed.overdue),
            ),
            interest=Interest(
                total=Total(usd_balance=interest.total),
                outstanding=Outstanding(usd_balance=interest.outstanding_payable),
                due_outstanding=Outstanding(usd_balance=interest.overdue),
            ),
            outstanding=Outstanding(usd_balance=balance.outstanding_payable),
            due_outstanding=Outstanding(usd_balance=balance.due_outstanding),
            collateral=Collateral(btc_balance=balance.collateral),
        )


@strawberry.type
class CreditFacilityDisbursal:
    id: strawberry.ID
    credit_facility_disbursal_id: UUID
    amount: UsdCents
    status: core.DisbursalStatus
    created_at: datetime

    @classmethod
    def of(cls, disbursal: core.Disbursal) -> CreditFacilityDisbursal:
        return cls(
            id=strawberry.ID(f"CreditFacilityDisbursal:{disbursal.id}"),
            credit_facility_disbursal_id=disbursal.id,
            amount=disbursal.amount,
            status=disbursal.status,
            created_at=disbursal.created_at,
        )


@strawberry.type
class CreditFacilityPayment:
    credit_facility_payment_id: UUID
    amount: UsdCents
    effective: date
    created_at: datetime

    @classmethod
    def of(cls, payment: core.Payment) -> CreditFacilityPayment:
        return cls(
            credit_facility_payment_id=payment.id,
            amount=payment.amount,
            effective=payment.effective,
            created_at=payment.created_at,
        )


@strawberry.type
class CreditFacility:
    entity: strawberry.Private[core.Facility]
    id: strawberry.ID
    credit_facility_id: UUID
    facility_amount: UsdCents
    status: core.FacilityStatus
    collateralization_state: core.CollateralizationState
    credit_facility_terms: TermValues
    activated_at: datetime
    matures_at: datetime

    @classmethod
    def of(cls, facility: core.Facility) -> CreditFacility:
        return cls(
            entity=facility,
            id=strawberry.ID(f"CreditFacility:{facility.id}"),
            credit_facility_id=facility.id,
            facility_amount=facility.amount,
            status=facility.status,
            collateralization_state=facility.collateralization_state,
            credit_facility_terms=TermValues.of(facility.terms),
            activated_at=facility.activated_at,
            matures_at=facility.matures_at,
        )

    @strawberry.field
    async def balance(self, info: Info) -> CreditFacilityBalance:
        return CreditFacilityBalance.of(await info.context.app.credit.own.balance_of(self.entity))

    @strawberry.field
    async def current_cvl(self, info: Info) -> CvlPct:
        price = await info.context.app.prices.peek()
        return cvl_pct(self.entity.position.cvl(price.price) if price else 0)

    @strawberry.field
    def margin_call_price(self) -> UsdCents | None:
        """Below this price, in cents per bitcoin, more collateral is asked for; none at no price."""
        return self.entity.margin_call_price

    @strawberry.field
    def liquidation_price(self) -> UsdCents | None:
        """Below this price, in cents per bitcoin, collateral is sold; none at no price."""
        return self.entity.liquidation_price

    @strawberry.field
    async def collateral_address(self, info: Info) -> str | None:
        """Where to send bitcoin; none where the bank takes it in by hand."""
        return await collateral_address(info, self.entity.collateral_id)

    @strawberry.field
    async def disbursals(self, info: Info) -> list[CreditFacilityDisbursal]:
        found = await info.context.app.credit.own.disbursals_of(info.context.ctx, self.entity)
        return [CreditFacilityDisbursal.of(each) for each in found]

    @strawberry.field
    async def payments(self, info: Info) -> list[CreditFacilityPayment]:
        """Newest first."""
        found = await info.context.app.credit.own.payments_of(info.context.ctx, self.entity)
        return [CreditFacilityPayment.of(each) for each in found]

    @strawberry.field
    async def history(self, info: Info) -> list[CreditFacilityHistoryEntry]:
        found = await info.context.app.credit.own.history_of(self.entity)
        return [history_entry(each) for each in found]

    @strawberry.field
    async def repayment_plan(self, info: Info) -> list[CreditFacilityRepaymentPlanEntry]:
        return plan_entries(await info.context.app.credit.own.plan_of(self.entity))


async def collateral_address(info: Info, collateral_id: UUID) -> str | None:
    wallet_id = (await info.context.app.credit.own.collateral_of(collateral_id)).custody_wallet_id
    if wallet_id is None:
        return None
    return await info.context.app.custodians.address_of(wallet_id)


def plan_entries(entries: Sequence[core.PlanEntry]) -> list[CreditFacilityRepaymentPlanEntry]:
    """What is not yet due is shown as due."""
    shown = [CreditFacilityRepaymentPlanEntry.of(entry) for entry in entries]
    for entry in shown:
        if entry.status is core.RepaymentStatus.NOT_YET_DUE:
            entry.status = core.RepaymentStatus.DUE
    return shown


@strawberry.type
class CreditFacilityPaymentAllocation:
    allocation: strawberry.Private[core.Allocation]
    id: strawberry.ID
    credit_facility_payment_allocation_id: UUID
    amount: UsdCents
    created_at: datetime

    @classmethod
    def of(cls, allocation: core.Allocation) -> CreditFacilityPaymentAllocation:
        return cls(
            allocation=allocation,
            id=strawberry.ID(f"CreditFacilityPaymentAllocation:{allocation.id}"),
            credit_facility_payment_allocation_id=allocation.id,
            amount=allocation.amount,
            created_at=allocation.created_at,
        )

    @strawberry.field
    async def credit_facility(self, info: Info) -> CreditFacility:
        request = info.context
        find_many = request.app.credit.own.find_many_facilities
        found = await request.need(find_many, self.allocation.beneficiary_id, "CreditFacility")
        return CreditFacility.of(found)


@strawberry.type
class Query:
    @strawberry.field
    async def credit_facility(self, info: Info, id: UUID) -> CreditFacility | None:
        found = await info.context.app.credit.own.maybe_find_facility(info.context.ctx, id)
        return CreditFacility.of(found) if found else None
