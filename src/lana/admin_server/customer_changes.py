"""Mutations of prospects and customers."""

from __future__ import annotations

from uuid import UUID

import strawberry

from lana.admin_server.common import Info
from lana.admin_server.customer import Customer, Prospect
from lana.core import customer as core


@strawberry.input
class ProspectCreateInput:
    email: str
    telegram_handle: str
    customer_type: core.CustomerType


@strawberry.type
class ProspectCreatePayload:
    prospect: Prospect


@strawberry.input
class ProspectCloseInput:
    prospect_id: UUID


@strawberry.type
class ProspectClosePayload:
    prospect: Prospect


@strawberry.input
class ProspectConvertInput:
    prospect_id: UUID


@strawberry.type
class ProspectConvertPayload:
    customer: Customer


@strawberry.input
class CustomerEmailUpdateInput:
    customer_id: UUID
    email: str


@strawberry.type
class CustomerEmailUpdatePayload:
    customer: Customer


@strawberry.input
class CustomerTelegramHandleUpdateInput:
    customer_id: UUID
    telegram_handle: str


@strawberry.type
class CustomerTelegramHandleUpdatePayload:
    customer: Customer


@strawberry.input
class CustomerFreezeInput:
    customer_id: UUID


@strawberry.type
class CustomerFreezePayload:
    customer: Customer


@strawberry.input
class CustomerUnfreezeInput:
    customer_id: UUID


@strawberry.type
class CustomerUnfreezePayload:
    customer: Customer


@strawberry.input
class CustomerCloseInput:
    customer_id: UUID


@strawberry.type
class CustomerClosePayload:
    customer: Customer


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def prospect_create(self, info: Info, input: ProspectCreateInput) -> ProspectCreatePayload:
        verb = info.context.app.prospects.create_prospect
        made = await info.context.command(verb, input.email, input.telegram_handle, input.customer_type)
        return ProspectCreatePayload(prospect=Prospect.of(made))

    @strawberry.mutation
    async def prospect_close(self, info: Info, input: ProspectCloseInput) -> ProspectClosePayload:
        closed = await info.context.command(info.context.app.prospects.close_prospect, input.prospect_id)
        return ProspectClosePayload(prospect=Prospect.of(closed))

    @strawberry.mutation
    async def prospect_convert(self, info: Info, input: ProspectConvertInput) -> ProspectConvertPayload:
        made = await info.context.command(info.context.app.prospects.convert_prospect, input.prospect_id)
        return ProspectConvertPayload(customer=Customer.of(made))

    @strawberry.mutation
    async def customer_email_update(
        self, info: Info, input: CustomerEmailUpdateInput
    ) -> CustomerEmailUpdatePayload:
        verb = info.context.app.customers.update_email
        updated = await info.context.command(verb, input.customer_id, input.email)
        return CustomerEmailUpdatePayload(customer=Customer.of(updated))

    @strawberry.mutation
    async def customer_telegram_handle_update(
        self, info: Info, input: CustomerTelegramHandleUpdateInput
    ) -> CustomerTelegramHandleUpdatePayload:
        verb = info.context.app.customers.update_telegram_handle
        updated = await info.context.command(verb, input.customer_id, input.telegram_handle)
        return CustomerTelegramHandleUpdatePayload(customer=Customer.of(updated))

    @strawberry.mutation
    async def customer_freeze(self, info: Info, input: CustomerFreezeInput) -> CustomerFreezePayload:
        frozen = await info.context.command(info.context.app.customers.freeze_customer, input.customer_id)
        return CustomerFreezePayload(customer=Customer.of(frozen))

    @strawberry.mutation
    async def customer_unfreeze(self, info: Info, input: CustomerUnfreezeInput) -> CustomerUnfreezePayload:
        released = await info.context.command(info.context.app.customers.unfreeze_customer, input.customer_id)
        return CustomerUnfreezePayload(customer=Customer.of(released))

    @strawberry.mutation
    async def customer_close(self, info: Info, input: CustomerCloseInput) -> CustomerClosePayload:
        closed = await info.context.command(info.context.app.customers.close_customer, input.customer_id)
        return CustomerClosePayload(customer=Customer.of(closed))
