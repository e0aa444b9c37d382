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
from lana.lib.graphql.live import row_updates
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

        find = request.app.credit.proposal_reading.maybe_find_proposal
        shown = credit_proposal.CreditFacilityProposal.of
        async for proposal in row_updates(
            request, concerns, find, wanted, shown=shown, label="CreditFacilityProposal"
        ):
            yield proposal

    @strawberry.subscription
    async def pending_credit_facility_updated(
        self, info: Info, pending_credit_facility_id: UUID
    ) -> AsyncGenerator[PendingCreditFacilityRef, None]:
        from lana.admin_server import credit_proposal

        request, wanted = info.context, pending_credit_facility_id

        def concerns(event: PublicEvent) -> bool:
            return isinstance(event, events.PendingSnapshot) and event.id == wanted

        find = request.app.credit.proposal_reading.maybe_find_pending
        shown = credit_proposal.PendingCreditFacility.of
        async for pending in row_updates(
            request, concerns, find, wanted, shown=shown, label="PendingCreditFacility"
        ):
            yield pending

    @strawberry.subscription
    async def credit_facility_updated(
        self, info: Info, credit_facility_id: UUID
    ) -> AsyncGenerator[CreditFacilityRef, None]:
        from lana.admin_server import credit_facility

        request, wanted = info.context, credit_facility_id

        find = request.app.credit.facility_reading.maybe_find_facility
        shown = credit_facility.CreditFacility.of
        async for facility in row_updates(
            request,
            lambda event: _of_facility(wanted, event),
            find,
            wanted,
            shown=shown,
            label="CreditFacility",
        ):
            yield facility

    @strawberry.subscription
    async def disbursal_updated(
        self, info: Info, disbursal_id: UUID
    ) -> AsyncGenerator[CreditFacilityDisbursalRef, None]:
        from lana.admin_server import credit_disbursal

        request = info.context

        def concerns(event: PublicEvent) -> bool:
            return isinstance(event, events.DisbursalSnapshot) and event.id == disbursal_id

        find = request.app.credit.facility_reading.maybe_find_disbursal
        shown = credit_disbursal.CreditFacilityDisbursal.of
        async for disbursal in row_updates(
            request, concerns, find, disbursal_id, shown=shown, label="Disbursal"
        ):
            yield disbursal
