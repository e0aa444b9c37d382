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
from lana.lib.graphql.live import row_updates, updates
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

        find = request.app.withdrawals.maybe_find_withdrawal
        shown = deposit.Withdrawal.of
        async for withdrawal in row_updates(
            request,
            lambda e: _of_withdrawal(withdrawal_id, e),
            find,
            withdrawal_id,
            shown=shown,
            label="Withdrawal",
        ):
            yield withdrawal

    @strawberry.subscription
    async def prospect_updated(self, info: Info, prospect_id: UUID) -> AsyncGenerator[ProspectRef, None]:
        from lana.admin_server import customer

        request = info.context

        find = request.app.prospects.maybe_find_prospect
        shown = customer.Prospect.of
        async for prospect in row_updates(
            request, lambda e: _of_prospect(prospect_id, e), find, prospect_id, shown=shown, label="Prospect"
        ):
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
