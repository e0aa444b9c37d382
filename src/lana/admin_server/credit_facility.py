"""Credit facilities: terms, balance, history, plan, and what secures them."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from uuid import UUID

import strawberry

from lana.admin_server.common import Info
from lana.admin_server.deposit import ledger_account
from lana.admin_server.history import EventTimelineEntry, event_history
from lana.admin_server.refs import (
    CollateralRef,
    CreditFacilityDisbursalRef,
    CustomerRef,
    LedgerAccountRef,
    LiquidationRef,
    WalletRef,
)
from lana.admin_server.related import customer_of
from lana.admin_server.terms import TermValues
from lana.app.views.credit import (
    CreditFacilityHistoryEntry,
    CreditFacilityRepaymentPlanEntry,
    history_entry,
)
from lana.app.views.terms import CvlPct, cvl_pct
from lana.core import credit as core
from lana.lib.graphql import Connection, PublicId, Satoshis, UsdCents, connection, entity, order_of
from lana.lib.pg.page import Direction, Page

strawberry.enum(core.FacilityStatus, name="CreditFacilityStatus")


@strawberry.type
class Disbursed:
    total: UsdCents
    outstanding: UsdCents
    outstanding_payable: UsdCents


@strawberry.type
class Interest:
    total: UsdCents
    outstanding: UsdCents
    outstanding_payable: UsdCents


@strawberry.type
class CreditFacilityBalance:
    facility_remaining: UsdCents
    disbursed: Disbursed
    interest: Interest
    outstanding: UsdCents
    outstanding_payable: UsdCents
    due_outstanding: UsdCents
    collateral: Satoshis
    payments_unapplied: UsdCents

    @classmethod
    def of(cls, balance: core.FacilityBalance) -> CreditFacilityBalance:
        disbursed, interest = balance.disbursed, balance.interest
        return cls(
            facility_remaining=balance.facility_remaining,
            disbursed=Disbursed(
                total=disbursed.total,
                outstanding=disbursed.outstanding,
                outstanding_payable=disbursed.outstanding_payable,
            ),
            interest=Interest(
                total=interest.total,
                outstanding=interest.outstanding,
                outstanding_payable=interest.outstanding_payable,
            ),
            outstanding=balance.outstanding,
            outstanding_payable=balance.outstanding_payable,
            due_outstanding=balance.due_outstanding,
            collateral=balance.collateral,
            payments_unapplied=balance.payments_unapplied,
        )


@strawberry.type
class CreditFacilityPayoff:
    """What ends the loan now. `accrued_interest`: periods that have ended and are not posted."""

    principal: UsdCents
    posted_interest: UsdCents
    accrued_interest: UsdCents
    total: UsdCents


@strawberry.type
class CreditFacilityLedgerAccounts:
    ids: strawberry.Private[core.FacilityAccountIds]
    collateral_id: strawberry.Private[UUID]

    @strawberry.field
    async def facility_account(self, info: Info) -> LedgerAccountRef:
        return await ledger_account(info, self.ids.facility_account_id)

    @strawberry.field
    async def uncovered_outstanding_account(self, info: Info) -> LedgerAccountRef:
        return await ledger_account(info, self.ids.facility_uncovered_outstanding_account_id)

    @strawberry.field
    async def payment_holding_account(self, info: Info) -> LedgerAccountRef:
        return await ledger_account(info, self.ids.facility_payment_holding_account_id)

    @strawberry.field
    async def proceeds_from_liquidation_account(self, info: Info) -> LedgerAccountRef:
        return await ledger_account(info, self.ids.facility_proceeds_from_liquidation_account_id)

    @strawberry.field
    async def collateral_account(self, info: Info) -> LedgerAccountRef:
        ids = (await collateral_of(info, self.collateral_id)).account_ids
        return await ledger_account(info, ids.collateral_account_id)

    @strawberry.field
    async def collateral_in_liquidation_account(self, info: Info) -> LedgerAccountRef:
        ids = (await collateral_of(info, self.collateral_id)).account_ids
        return await ledger_account(info, ids.collateral_in_liquidation_account_id)

    @strawberry.field
    async def liquidated_collateral_account(self, info: Info) -> LedgerAccountRef:
        ids = (await collateral_of(info, self.collateral_id)).account_ids
        return await ledger_account(info, ids.liquidated_collateral_account_id)

    @strawberry.field
    async def disbursed_receivable_not_yet_due_account(self, info: Info) -> LedgerAccountRef:
        return await ledger_account(info, self.ids.disbursed_receivable_not_yet_due_account_id)

    @strawberry.field
    async def disbursed_receivable_due_account(self, info: Info) -> LedgerAccountRef:
        return await ledger_account(info, self.ids.disbursed_receivable_due_account_id)

    @strawberry.field
    async def disbursed_receivable_overdue_account(self, info: Info) -> LedgerAccountRef:
        return await ledger_account(info, self.ids.disbursed_receivable_overdue_account_id)

    @strawberry.field
    async def disbursed_defaulted_account(self, info: Info) -> LedgerAccountRef:
        return await ledger_account(info, self.ids.disbursed_defaulted_account_id)

    @strawberry.field
    async def interest_receivable_not_yet_due_account(self, info: Info) -> LedgerAccountRef:
        return await ledger_account(info, self.ids.interest_receivable_not_yet_due_account_id)

    @strawberry.field
    async def interest_receivable_due_account(self, info: Info) -> LedgerAccountRef:
        return await ledger_account(info, self.ids.interest_receivable_due_account_id)

    @strawberry.field
    async def interest_receivable_overdue_account(self, info: Info) -> LedgerAccountRef:
        return await ledger_account(info, self.ids.interest_receivable_overdue_account_id)

    @strawberry.field
    async def interest_defaulted_account(self, info: Info) -> LedgerAccountRef:
        return await ledger_account(info, self.ids.interest_defaulted_account_id)

    @strawberry.field
    async def interest_income_account(self, info: Info) -> LedgerAccountRef:
        return await ledger_account(info, self.ids.interest_income_account_id)

    @strawberry.field
    async def fee_income_account(self, info: Info) -> LedgerAccountRef:
        return await ledger_account(info, self.ids.fee_income_account_id)


async def collateral_of(info: Info, collateral_id: UUID) -> core.Collateral:
    request = info.context
    find_many = request.app.credit.collateral_reading.find_many_collaterals
    return await request.need(find_many, collateral_id, "Collateral")


async def wallet_of(info: Info, collateral_id: UUID) -> WalletRef | None:
    """Where its coins are; None where they are taken in by hand."""
    from lana.admin_server import custody

    wallet_id = (await collateral_of(info, collateral_id)).custody_wallet_id
    if wallet_id is None:
        return None
    request = info.context
    find_many = request.app.custodians.find_many_wallets
    return custody.Wallet.of(await request.need(find_many, wallet_id, "Wallet"))


async def facility_of(info: Info, facility_id: UUID) -> CreditFacility:
    request = info.context
    find_many = request.app.credit.facility_reading.find_many_facilities
    return CreditFacility.of(await request.need(find_many, facility_id, "CreditFacility"))


@entity("creditFacilityId")
class CreditFacility:
    entity: strawberry.Private[core.Facility]
    credit_facility_id: UUID
    public_id: PublicId
    collateral_id: UUID
    status: core.FacilityStatus
    facility_amount: UsdCents
    collateralization_state: core.CollateralizationState
    credit_facility_terms: TermValues
    created_at: datetime
    activated_at: datetime
    matures_at: datetime

    @classmethod
    def of(cls, facility: core.Facility) -> CreditFacility:
        return cls(
            entity=facility,
            credit_facility_id=facility.id,
            public_id=PublicId(facility.public_id),
            collateral_id=facility.collateral_id,
            status=facility.status,
            facility_amount=facility.amount,
            collateralization_state=facility.collateralization_state,
            credit_facility_terms=TermValues.of(facility.terms),
            created_at=facility.created_at,
            activated_at=facility.activated_at,
            matures_at=facility.matures_at,
        )

    @strawberry.field
    async def customer(self, info: Info) -> CustomerRef:
        return await customer_of(info, self.entity.customer_id)

    @strawberry.field
    async def balance(self, info: Info) -> CreditFacilityBalance:
        reading = info.context.app.credit.facility_reading
        found = await reading.balances_of(info.context.ctx, [self.entity])
        return CreditFacilityBalance.of(found[self.credit_facility_id])

    @strawberry.field
    async def payoff(self, info: Info) -> CreditFacilityPayoff:
        found = await info.context.app.credit.completions.payoff(info.context.ctx, self.entity)
        return CreditFacilityPayoff(
            principal=found.principal,
            posted_interest=found.posted_interest,
            accrued_interest=found.accrued_interest,
            total=found.total,
        )

    @strawberry.field
    async def current_cvl(self, info: Info) -> CvlPct:
        price = await info.context.app.prices.peek()
        return cvl_pct(self.entity.position.cvl(price.price) if price else 0)

    @strawberry.field
    async def margin_call_price(self) -> UsdCents | None:
        """Below this price, in cents per bitcoin, a margin call begins; none at no price."""
        return self.entity.margin_call_price

    @strawberry.field
    async def liquidation_price(self) -> UsdCents | None:
        """Below this price, in cents per bitcoin, a liquidation begins; none at no price."""
        return self.entity.liquidation_price

    @strawberry.field
    async def collateral(self, info: Info) -> CollateralRef:
        from lana.admin_server import credit_collateral

        return credit_collateral.Collateral.of(await collateral_of(info, self.collateral_id))

    @strawberry.field
    async def wallet(self, info: Info) -> WalletRef | None:
        return await wallet_of(info, self.collateral_id)

    @strawberry.field
    async def disbursals(self, info: Info) -> list[CreditFacilityDisbursalRef]:
        from lana.admin_server import credit_disbursal

        reading = info.context.app.credit.facility_reading
        found = await reading.find_many_disbursals_by_facility(info.context.ctx, [self.credit_facility_id])
        return [credit_disbursal.CreditFacilityDisbursal.of(each) for each in found[self.credit_facility_id]]

    @strawberry.field
    async def liquidations(self, info: Info) -> list[LiquidationRef]:
        from lana.admin_server import credit_collateral

        request = info.context
        find_many = request.app.credit.collateral_reading.find_many_liquidations_by_facility
        found = await request.load(find_many, self.credit_facility_id)
        return [credit_collateral.Liquidation.of(each) for each in found or ()]

    @strawberry.field
    async def history(self, info: Info) -> list[CreditFacilityHistoryEntry]:
        reading = info.context.app.credit.facility_reading
        found = await reading.find_many_histories(info.context.ctx, [self.credit_facility_id])
        return [history_entry(each) for each in found[self.credit_facility_id]]

    @strawberry.field
    async def repayment_plan(self, info: Info) -> list[CreditFacilityRepaymentPlanEntry]:
        reading = info.context.app.credit.facility_reading
        found = await reading.plans_of(info.context.ctx, [self.entity])
        return [CreditFacilityRepaymentPlanEntry.of(each) for each in found[self.credit_facility_id]]

    @strawberry.field
    def ledger_accounts(self) -> CreditFacilityLedgerAccounts:
        return CreditFacilityLedgerAccounts(ids=self.entity.account_ids, collateral_id=self.collateral_id)

    @strawberry.field
    def can_be_completed(self) -> bool:
        return self.entity.position.payable.total == 0

    @strawberry.field
    def user_can_complete(self, info: Info) -> bool:
        return info.context.app.credit.facility_reading.may_complete(info.context.ctx)

    @strawberry.field
    def user_can_initiate_disbursal(self, info: Info) -> bool:
        return info.context.app.credit.facility_reading.may_initiate_disbursal(info.context.ctx)

    @strawberry.field
    def user_can_record_payment(self, info: Info) -> bool:
        return info.context.app.credit.facility_reading.may_record_payment(info.context.ctx)

    @strawberry.field
    def user_can_record_payment_with_date(self, info: Info) -> bool:
        return info.context.app.credit.facility_reading.may_record_payment_with_date(info.context.ctx)

    @strawberry.field
    def user_can_update_collateral(self, info: Info) -> bool:
        return info.context.app.credit.facility_reading.may_update_collateral(info.context.ctx)

    @strawberry.field
    async def event_history(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[EventTimelineEntry]:
        source = info.context.app.credit.facility_reading.facilities.events
        return await event_history(source, self.credit_facility_id, first, after)


@strawberry.enum
class CreditFacilitiesSortBy(Enum):
    CREATED_AT = "created_at"
    CVL = "ratio"


@strawberry.input
class CreditFacilitiesSort:
    by: CreditFacilitiesSortBy = CreditFacilitiesSortBy.CREATED_AT
    direction: Direction = Direction.DESC


@strawberry.input
class CreditFacilitiesFilter:
    status: core.FacilityStatus | None = None
    collateralization_state: core.CollateralizationState | None = None


@strawberry.type
class Query:
    @strawberry.field
    async def credit_facility(self, info: Info, id: UUID) -> CreditFacility | None:
        found = await info.context.app.credit.facility_reading.maybe_find_facility(info.context.ctx, id)
        return CreditFacility.of(found) if found else None

    @strawberry.field
    async def credit_facility_by_public_id(self, info: Info, id: PublicId) -> CreditFacility | None:
        reading = info.context.app.credit.facility_reading
        found = await reading.maybe_find_facility_by_public_id(info.context.ctx, id)
        return CreditFacility.of(found) if found else None

    @strawberry.field
    async def credit_facilities(
        self,
        info: Info,
        first: int,
        after: str | None = None,
        sort: CreditFacilitiesSort | None = CreditFacilitiesSort(),
        filter: CreditFacilitiesFilter | None = None,
    ) -> Connection[CreditFacility]:
        asked = filter or CreditFacilitiesFilter()
        found = await info.context.app.credit.facility_reading.list_facilities(
            info.context.ctx,
            Page(first, after),
            order_of(sort),
            asked.status,
            asked.collateralization_state,
        )
        return connection(found, CreditFacility.of)
