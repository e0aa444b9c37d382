"""Mutations of proposals, facilities, disbursals, payments, collateral and liquidations."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import strawberry

from lana.admin_server.common import Info
from lana.admin_server.credit_collateral import Collateral, Liquidation
from lana.admin_server.credit_disbursal import CreditFacilityDisbursal
from lana.admin_server.credit_facility import CreditFacility
from lana.admin_server.credit_proposal import CreditFacilityProposal
from lana.admin_server.terms import TermsInput
from lana.lib.graphql import Satoshis, UsdCents


@strawberry.input
class CreditFacilityProposalCreateInput:
    customer_id: UUID
    facility: UsdCents
    terms: TermsInput
    custodian_id: UUID
    credit_request_id: UUID | None = None


@strawberry.type
class CreditFacilityProposalCreatePayload:
    credit_facility_proposal: CreditFacilityProposal


@strawberry.input
class CreditFacilityProposalCustomerApprovalConcludeInput:
    credit_facility_proposal_id: UUID
    approved: bool


@strawberry.type
class CreditFacilityProposalCustomerApprovalConcludePayload:
    credit_facility_proposal: CreditFacilityProposal


@strawberry.input
class CreditFacilityProposalWithdrawInput:
    credit_facility_proposal_id: UUID


@strawberry.type
class CreditFacilityProposalWithdrawPayload:
    credit_facility_proposal: CreditFacilityProposal


@strawberry.input
class CreditFacilityDisbursalInitiateInput:
    credit_facility_id: UUID
    amount: UsdCents


@strawberry.type
class CreditFacilityDisbursalInitiatePayload:
    credit_facility_disbursal: CreditFacilityDisbursal


@strawberry.input
class CreditFacilityPartialPaymentRecordInput:
    credit_facility_id: UUID
    amount: UsdCents


@strawberry.input
class CreditFacilityPartialPaymentWithDateRecordInput:
    credit_facility_id: UUID
    amount: UsdCents
    effective: date


@strawberry.type
class CreditFacilityPartialPaymentRecordPayload:
    credit_facility: CreditFacility


@strawberry.input
class CreditFacilityCompleteInput:
    credit_facility_id: UUID


@strawberry.type
class CreditFacilityCompletePayload:
    credit_facility: CreditFacility


@strawberry.input
class CollateralUpdateInput:
    collateral_id: UUID
    collateral: Satoshis
    effective: date


@strawberry.type
class CollateralUpdatePayload:
    collateral: Collateral


@strawberry.input
class CollateralRecordSentToLiquidationInput:
    collateral_id: UUID
    amount: Satoshis


@strawberry.type
class CollateralRecordSentToLiquidationPayload:
    collateral: Collateral


@strawberry.input
class CollateralRecordProceedsFromLiquidationInput:
    collateral_id: UUID
    amount: UsdCents
    completes: bool = True


@strawberry.type
class CollateralRecordProceedsFromLiquidationPayload:
    collateral: Collateral


@strawberry.input
class LiquidationCancelInput:
    liquidation_id: UUID


@strawberry.type
class LiquidationCancelPayload:
    liquidation: Liquidation


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def credit_facility_proposal_create(
        self, info: Info, input: CreditFacilityProposalCreateInput
    ) -> CreditFacilityProposalCreatePayload:
        verb = info.context.app.credit.proposals.create
        proposal = await info.context.command(
            verb,
            input.customer_id,
            amount=input.facility,
            terms=input.terms.to_core(),
            custodian_id=input.custodian_id,
            credit_request_id=input.credit_request_id,
        )
        return CreditFacilityProposalCreatePayload(
            credit_facility_proposal=CreditFacilityProposal.of(proposal)
        )

    @strawberry.mutation
    async def credit_facility_proposal_customer_approval_conclude(
        self, info: Info, input: CreditFacilityProposalCustomerApprovalConcludeInput
    ) -> CreditFacilityProposalCustomerApprovalConcludePayload:
        verb = info.context.app.credit.proposals.conclude_customer_approval
        proposal = await info.context.command(verb, input.credit_facility_proposal_id, input.approved)
        return CreditFacilityProposalCustomerApprovalConcludePayload(
            credit_facility_proposal=CreditFacilityProposal.of(proposal)
        )

    @strawberry.mutation
    async def credit_facility_proposal_withdraw(
        self, info: Info, input: CreditFacilityProposalWithdrawInput
    ) -> CreditFacilityProposalWithdrawPayload:
        """Where the setting `allow-proposal-withdrawal` is on."""
        verb = info.context.app.credit.proposals.withdraw
        proposal = await info.context.command(verb, input.credit_facility_proposal_id)
        return CreditFacilityProposalWithdrawPayload(
            credit_facility_proposal=CreditFacilityProposal.of(proposal)
        )

    @strawberry.mutation
    async def credit_facility_disbursal_initiate(
        self, info: Info, input: CreditFacilityDisbursalInitiateInput
    ) -> CreditFacilityDisbursalInitiatePayload:
        verb = info.context.app.credit.disbursals.initiate
        disbursal = await info.context.command(verb, input.credit_facility_id, input.amount)
        return CreditFacilityDisbursalInitiatePayload(
            credit_facility_disbursal=CreditFacilityDisbursal.of(disbursal)
        )

    @strawberry.mutation
    async def credit_facility_partial_payment_record(
        self, info: Info, input: CreditFacilityPartialPaymentRecordInput
    ) -> CreditFacilityPartialPaymentRecordPayload:
        verb = info.context.app.credit.payments.record
        facility = await info.context.command(verb, input.credit_facility_id, input.amount)
        return CreditFacilityPartialPaymentRecordPayload(credit_facility=CreditFacility.of(facility))

    @strawberry.mutation
    async def credit_facility_partial_payment_with_date_record(
        self, info: Info, input: CreditFacilityPartialPaymentWithDateRecordInput
    ) -> CreditFacilityPartialPaymentRecordPayload:
        verb = info.context.app.credit.payments.record_with_date
        facility = await info.context.command(verb, input.credit_facility_id, input.amount, input.effective)
        return CreditFacilityPartialPaymentRecordPayload(credit_facility=CreditFacility.of(facility))

    @strawberry.mutation
    async def credit_facility_complete(
        self, info: Info, input: CreditFacilityCompleteInput
    ) -> CreditFacilityCompletePayload:
        verb = info.context.app.credit.completions.complete
        facility = await info.context.command(verb, input.credit_facility_id)
        return CreditFacilityCompletePayload(credit_facility=CreditFacility.of(facility))

    @strawberry.mutation
    async def collateral_update(self, info: Info, input: CollateralUpdateInput) -> CollateralUpdatePayload:
        verb = info.context.app.credit.collaterals.update
        collateral = await info.context.command(verb, input.collateral_id, input.collateral, input.effective)
        return CollateralUpdatePayload(collateral=Collateral.of(collateral))

    @strawberry.mutation
    async def collateral_record_sent_to_liquidation(
        self, info: Info, input: CollateralRecordSentToLiquidationInput
    ) -> CollateralRecordSentToLiquidationPayload:
        verb = info.context.app.credit.liquidations.record_sent
        collateral = await info.context.command(verb, input.collateral_id, input.amount)
        return CollateralRecordSentToLiquidationPayload(collateral=Collateral.of(collateral))

    @strawberry.mutation
    async def collateral_record_proceeds_from_liquidation(
        self, info: Info, input: CollateralRecordProceedsFromLiquidationInput
    ) -> CollateralRecordProceedsFromLiquidationPayload:
        """0 ends a liquidation that brought something, once all that was sent is booked."""
        verb = info.context.app.credit.liquidations.record_proceeds
        collateral = await info.context.command(
            verb, input.collateral_id, input.amount, completes=input.completes
        )
        return CollateralRecordProceedsFromLiquidationPayload(collateral=Collateral.of(collateral))

    @strawberry.mutation
    async def liquidation_cancel(self, info: Info, input: LiquidationCancelInput) -> LiquidationCancelPayload:
        """While nothing was sent and the facility is not under its threshold any more."""
        verb = info.context.app.credit.liquidations.cancel
        liquidation = await info.context.command(verb, input.liquidation_id)
        return LiquidationCancelPayload(liquidation=Liquidation.of(liquidation))
