"""What staff can watch of credit."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Final
from uuid import UUID

import strawberry

from lana.admin_server.common import Info
from lana.admin_server.refs import (
    CreditFacilityDisbursalRef,
    CreditFacilityProposalRef,
    CreditFacilityRef,
    PendingCreditFacilityRef,
)
from lana.core.credit import public as events
from lana.lib.graphql.live import updates
from lana.lib.graphql.request import RowMissing
from lana.lib.outbox import PublicEvent

OF_FACILITY: Final = (events.DisbursalSnapshot, events.AccrualPosted)


def _of_facility(facility_id: UUID, event: PublicEvent) -> bool:
    if isinstance(event, OF_FACILITY):
        return event.credit_facility_id == facility_id
    return isinstance(event, events.FacilitySnapshot) and event.id == facility_id


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def credit_facility_proposal_updated(
        self, info: Info, credit_facility_proposal_id: UUID
    ) -> AsyncGenerator[CreditFacilityProposalRef, None]:
        from lana.admin_server import credit_proposal

        request, wanted = info.context, credit_facility_proposal_id

        def concerns(event: PublicEvent) -> bool:
            return isinstance(event, events.ProposalSnapshot) and event.id == wanted

        async def load() -> credit_proposal.CreditFacilityProposal:
            found = await request.app.credit.proposal_reading.maybe_find_proposal(request.ctx, wanted)
            if found is None:
                raise RowMissing("CreditFacilityProposal")
            return credit_proposal.CreditFacilityProposal.of(found)

        async for proposal in updates(request, concerns, load):
            yield proposal

    @strawberry.subscription
    async def pending_credit_facility_updated(
        self, info: Info, pending_credit_facility_id: UUID
    ) -> AsyncGenerator[PendingCreditFacilityRef, None]:
        from lana.admin_server import credit_proposal

        request, wanted = info.context, pending_credit_facility_id

        def concerns(event: PublicEvent) -> bool:
            return isinstance(event, events.PendingSnapshot) and event.id == wanted

        async def load() -> credit_proposal.PendingCreditFacility:
            found = await request.app.credit.proposal_reading.maybe_find_pending(request.ctx, wanted)
            if found is None:
                raise RowMissing("PendingCreditFacility")
            return credit_proposal.PendingCreditFacility.of(found)

        async for pending in updates(request, concerns, load):
            yield pending

    @strawberry.subscription
    async def credit_facility_updated(
        self, info: Info, credit_facility_id: UUID
    ) -> AsyncGenerator[CreditFacilityRef, None]:
        from lana.admin_server import credit_facility

        request, wanted = info.context, credit_facility_id

        async def load() -> credit_facility.CreditFacility:
            found = await request.app.credit.facility_reading.maybe_find_facility(request.ctx, wanted)
            if found is None:
                raise RowMissing("CreditFacility")
            return credit_facility.CreditFacility.of(found)

        async for facility in updates(request, lambda event: _of_facility(wanted, event), load):
            yield facility

    @strawberry.subscription
    async def disbursal_updated(
        self, info: Info, disbursal_id: UUID
    ) -> AsyncGenerator[CreditFacilityDisbursalRef, None]:
        from lana.admin_server import credit_disbursal

        request = info.context

        def concerns(event: PublicEvent) -> bool:
            return isinstance(event, events.DisbursalSnapshot) and event.id == disbursal_id

        async def load() -> credit_disbursal.CreditFacilityDisbursal:
            found = await request.app.credit.facility_reading.maybe_find_disbursal(request.ctx, disbursal_id)
            if found is None:
                raise RowMissing("Disbursal")
            return credit_disbursal.CreditFacilityDisbursal.of(found)

        async for disbursal in updates(request, concerns, load):
            yield disbursal
