"""Disbursals and what payments covered."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from uuid import UUID

import strawberry

from lana.admin_server.common import Info
from lana.admin_server.credit_facility import CreditFacility, facility_of
from lana.admin_server.deposit import ledger_transactions
from lana.admin_server.history import EventTimelineEntry, event_history
from lana.admin_server.refs import ApprovalProcessRef, LedgerTransactionRef
from lana.admin_server.related import process_of
from lana.core import credit as core
from lana.lib.graphql import Connection, PublicId, UsdCents, connection, entity, order_of
from lana.lib.pg.page import Direction, Page

strawberry.enum(core.DisbursalStatus)
strawberry.enum(core.DenialReason, name="DisbursalDenialReason")


@entity("creditFacilityDisbursalId")
class CreditFacilityDisbursal:
    entity: strawberry.Private[core.Disbursal]
    credit_facility_disbursal_id: UUID
    public_id: PublicId
    amount: UsdCents
    status: core.DisbursalStatus
    denial_reason: core.DenialReason | None
    created_at: datetime

    @classmethod
    def of(cls, disbursal: core.Disbursal) -> CreditFacilityDisbursal:
        return cls(
            entity=disbursal,
            credit_facility_disbursal_id=disbursal.id,
            public_id=PublicId(disbursal.public_id),
            amount=disbursal.amount,
            status=disbursal.status,
            denial_reason=disbursal.denial_reason,
            created_at=disbursal.created_at,
        )

    @strawberry.field
    async def credit_facility(self, info: Info) -> CreditFacility:
        return await facility_of(info, self.entity.facility_id)

    @strawberry.field
    async def approval_process(self, info: Info) -> ApprovalProcessRef:
        return await process_of(info, self.entity.approval_process_id)

    @strawberry.field
    async def ledger_transactions(self, info: Info) -> list[LedgerTransactionRef]:
        return await ledger_transactions(info, self.entity.ledger_tx_ids)

    @strawberry.field
    async def event_history(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[EventTimelineEntry]:
        source = info.context.app.credit.facility_reading.disbursals.events
        return await event_history(source, self.credit_facility_disbursal_id, first, after)


@entity("creditFacilityPaymentAllocationId")
class CreditFacilityPaymentAllocation:
    entity: strawberry.Private[core.Allocation]
    credit_facility_payment_allocation_id: UUID
    amount: UsdCents
    created_at: datetime

    @classmethod
    def of(cls, allocation: core.Allocation) -> CreditFacilityPaymentAllocation:
        return cls(
            entity=allocation,
            credit_facility_payment_allocation_id=allocation.id,
            amount=allocation.amount,
            created_at=allocation.created_at,
        )

    @strawberry.field
    async def credit_facility(self, info: Info) -> CreditFacility:
        return await facility_of(info, self.entity.beneficiary_id)

    @strawberry.field
    async def event_history(
        self, info: Info, first: int, after: str | None = None
    ) -> Connection[EventTimelineEntry]:
        source = info.context.app.credit.facility_reading.allocations.events
        return await event_history(source, self.credit_facility_payment_allocation_id, first, after)


@strawberry.enum
class DisbursalsSortBy(Enum):
    CREATED_AT = "created_at"
    AMOUNT = "amount"


@strawberry.input
class DisbursalsSort:
    by: DisbursalsSortBy = DisbursalsSortBy.CREATED_AT
    direction: Direction = Direction.DESC


@strawberry.input
class DisbursalsFilter:
    status: core.DisbursalStatus | None = None


@strawberry.type
class Query:
    @strawberry.field
    async def disbursal(self, info: Info, id: UUID) -> CreditFacilityDisbursal | None:
        found = await info.context.app.credit.facility_reading.maybe_find_disbursal(info.context.ctx, id)
        return CreditFacilityDisbursal.of(found) if found else None

    @strawberry.field
    async def disbursal_by_public_id(self, info: Info, id: PublicId) -> CreditFacilityDisbursal | None:
        reading = info.context.app.credit.facility_reading
        found = await reading.maybe_find_disbursal_by_public_id(info.context.ctx, id)
        return CreditFacilityDisbursal.of(found) if found else None

    @strawberry.field
    async def disbursals(
        self,
        info: Info,
        first: int,
        after: str | None = None,
        sort: DisbursalsSort | None = DisbursalsSort(),
        filter: DisbursalsFilter | None = None,
    ) -> Connection[CreditFacilityDisbursal]:
        asked = filter or DisbursalsFilter()
        found = await info.context.app.credit.facility_reading.list_disbursals(
            info.context.ctx, Page(first, after), order_of(sort), asked.status
        )
        return connection(found, CreditFacilityDisbursal.of)
