"""What staff can watch."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from uuid import UUID

import strawberry

from lana.admin_server.common import Info
from lana.admin_server.price import RealtimePrice
from lana.admin_server.refs import ProspectRef, WithdrawalRef
from lana.core.customer import public as customer_events
from lana.core.deposit import public as deposit_events
from lana.core.price import PriceUpdated
from lana.lib.graphql.live import updates
from lana.lib.graphql.request import RowMissing
from lana.lib.outbox import PublicEvent


def _of_withdrawal(withdrawal_id: UUID, event: PublicEvent) -> bool:
    match event:
        case deposit_events.WithdrawalConfirmed() | deposit_events.WithdrawalApprovalConcluded():
            return event.id == withdrawal_id
        case _:
            return False


def _of_prospect(prospect_id: UUID, event: PublicEvent) -> bool:
    return isinstance(event, customer_events.ProspectSnapshot) and event.id == prospect_id


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def withdrawal_updated(
        self, info: Info, withdrawal_id: UUID
    ) -> AsyncGenerator[WithdrawalRef, None]:
        from lana.admin_server import deposit

        request = info.context

        async def load() -> deposit.Withdrawal:
            found = await request.app.withdrawals.maybe_find_withdrawal(request.ctx, withdrawal_id)
            if found is None:
                raise RowMissing("Withdrawal")
            return deposit.Withdrawal.of(found)

        async for withdrawal in updates(request, lambda e: _of_withdrawal(withdrawal_id, e), load):
            yield withdrawal

    @strawberry.subscription
    async def prospect_updated(self, info: Info, prospect_id: UUID) -> AsyncGenerator[ProspectRef, None]:
        from lana.admin_server import customer

        request = info.context

        async def load() -> customer.Prospect:
            found = await request.app.prospects.maybe_find_prospect(request.ctx, prospect_id)
            if found is None:
                raise RowMissing("Prospect")
            return customer.Prospect.of(found)

        async for prospect in updates(request, lambda e: _of_prospect(prospect_id, e), load):
            yield prospect

    @strawberry.subscription
    async def realtime_price_updated(self, info: Info) -> AsyncGenerator[RealtimePrice, None]:
        request = info.context

        async def load() -> RealtimePrice | None:
            seen = await request.app.prices.see()
            return RealtimePrice.of(seen) if seen else None

        async for price in updates(request, lambda event: isinstance(event, PriceUpdated), load):
            if price is not None:
                yield price
