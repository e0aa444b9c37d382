"""Terms and their templates, as staff see them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import strawberry

from lana.admin_server.common import Info
from lana.admin_server.history import EventTimelineEntry, event_history
from lana.app.views.terms import CvlPct, Duration, finite
from lana.core import terms as core
from lana.lib.graphql import (
    AnnualRatePct,
    Connection,
    CVLPctValue,
    OneTimeFeeRatePct,
    UsdCents,
    entity,
)

strawberry.enum(core.DisbursalPolicy)


@strawberry.type
class TermValues:
    annual_rate: AnnualRatePct
    accrual_interval: core.Interval
    accrual_cycle_interval: core.Interval
    one_time_fee_rate: OneTimeFeeRatePct
    effective_annual_rate: AnnualRatePct
    disbursal_policy: core.DisbursalPolicy
    duration: Duration
    liquidation_cvl: CvlPct
    margin_call_cvl: CvlPct
    initial_cvl: CvlPct

    @classmethod
    def of(cls, values: core.TermValues) -> TermValues:
        return cls(
            annual_rate=AnnualRatePct(values.annual_rate),
            accrual_interval=values.accrual_interval,
            accrual_cycle_interval=values.accrual_cycle_interval,
            one_time_fee_rate=OneTimeFeeRatePct(values.one_time_fee_rate),
            effective_annual_rate=AnnualRatePct(values.effective_annual_rate),
            disbursal_policy=values.disbursal_policy,
            duration=Duration(period=values.duration.period, units=values.duration.units),
            liquidation_cvl=finite(values.liquidation_cvl),
            margin_call_cvl=finite(values.margin_call_cvl),
            initial_cvl=finite(values.initial_cvl),
        )


@strawberry.input
class DurationInput:
    period: core.PeriodUnit
    units: int

    def to_core(self) -> core.Duration:
        return core.Duration(self.period, self.units)


@strawberry.input
class TermsInput:
    annual_rate: AnnualRatePct
    accrual_interval: core.Interval
    accrual_cycle_interval: core.Interval
    one_time_fee_rate: OneTimeFeeRatePct
    disbursal_policy: core.DisbursalPolicy
    duration: DurationInput
    interest_due_duration_from_accrual: DurationInput
    obligation_overdue_duration_from_due: DurationInput
    obligation_liquidation_duration_from_due: DurationInput
    liquidation_cvl: CVLPctValue
    margin_call_cvl: CVLPctValue
    initial_cvl: CVLPctValue

    def to_core(self) -> core.TermValues:
        return core.TermValues(
            annual_rate=self.annual_rate,
            one_time_fee_rate=self.one_time_fee_rate,
            duration=self.duration.to_core(),
            interest_due_duration_from_accrual=self.interest_due_duration_from_accrual.to_core(),
            obligation_overdue_duration_from_due=self.obligation_overdue_duration_from_due.to_core(),
            obligation_liquidation_duration_from_due=self.obligation_liquidation_duration_from_due.to_core(),
            accrual_interval=self.accrual_interval,
            accrual_cycle_interval=self.accrual_cycle_interval,
            disbursal_policy=self.disbursal_policy,
            initial_cvl=self.initial_cvl,
            margin_call_cvl=self.margin_call_cvl,
            liquidation_cvl=self.liquidation_cvl,
        )


@entity("termsTemplateId")
class TermsTemplate:
    terms_template_id: UUID
    name: str
    values: TermValues
    created_at: datetime
    offered: bool
    min_amount: UsdCents | None
    max_amount: UsdCents | None
    required_documents: list[str]

    @classmethod
    def of(cls, template: core.TermsTemplate) -> TermsTemplate:
        offer = template.offer
        return cls(
            terms_template_id=template.id,
            name=template.name,
            values=TermValues.of(template.values),
            created_at=template.created_at,
            offered=offer.offered,
            min_amount=offer.min_amount,
            max_amount=offer.max_amount,
            required_documents=list(offer.required_documents),
        )

    @strawberry.field
    def user_can_update_terms_template(self, info: Info) -> bool:
        return info.context.app.terms_templates.may_update(info.context.ctx)

    @strawberry.field
    async def event_history(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[EventTimelineEntry]:
        source = info.context.app.terms_templates.repo.events
        return await event_history(source, self.terms_template_id, first, after)


@strawberry.input
class TermsTemplateCreateInput:
    name: str
    terms: TermsInput


@strawberry.type
class TermsTemplateCreatePayload:
    terms_template: TermsTemplate


@strawberry.input
class TermsTemplateUpdateInput:
    terms_template_id: UUID
    terms: TermsInput


@strawberry.type
class TermsTemplateUpdatePayload:
    terms_template: TermsTemplate


@strawberry.input
class TermsTemplateOfferUpdateInput:
    terms_template_id: UUID
    offered: bool
    min_amount: UsdCents | None = None
    max_amount: UsdCents | None = None
    required_documents: list[str] = strawberry.field(default_factory=list[str])


@strawberry.type
class TermsTemplateOfferUpdatePayload:
    terms_template: TermsTemplate


@strawberry.type
class Query:
    @strawberry.field
    async def terms_template(self, info: Info, id: UUID) -> TermsTemplate | None:
        found = await info.context.app.terms_templates.maybe_find(info.context.ctx, id)
        return TermsTemplate.of(found) if found else None

    @strawberry.field
    async def terms_templates(self, info: Info) -> list[TermsTemplate]:
        found = await info.context.app.terms_templates.first_by_name(info.context.ctx)
        return [TermsTemplate.of(template) for template in found]


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def terms_template_create(
        self, info: Info, input: TermsTemplateCreateInput
    ) -> TermsTemplateCreatePayload:
        verb = info.context.app.terms_templates.create
        template = await info.context.command(verb, input.name, input.terms.to_core())
        return TermsTemplateCreatePayload(terms_template=TermsTemplate.of(template))

    @strawberry.mutation
    async def terms_template_update(
        self, info: Info, input: TermsTemplateUpdateInput
    ) -> TermsTemplateUpdatePayload:
        verb = info.context.app.terms_templates.update
        template = await info.context.command(verb, input.terms_template_id, input.terms.to_core())
        return TermsTemplateUpdatePayload(terms_template=TermsTemplate.of(template))

    @strawberry.mutation
    async def terms_template_offer_update(
        self, info: Info, input: TermsTemplateOfferUpdateInput
    ) -> TermsTemplateOfferUpdatePayload:
        offer = core.Offer(
            offered=input.offered,
            min_amount=input.min_amount,
            max_amount=input.max_amount,
            required_documents=tuple(input.required_documents),
        )
        verb = info.context.app.terms_templates.update_offer
        template = await info.context.command(verb, input.terms_template_id, offer)
        return TermsTemplateOfferUpdatePayload(terms_template=TermsTemplate.of(template))
