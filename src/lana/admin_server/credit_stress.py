"""The portfolio at other prices."""

from __future__ import annotations

import strawberry

from lana.admin_server.common import Info
from lana.core import credit as core
from lana.lib.graphql import Satoshis, UsdCents


@strawberry.input
class PriceRangeInput:
    """Both ends included, in equal steps."""

    low: UsdCents
    high: UsdCents
    steps: int


@strawberry.type
class PortfolioStressAt:
    price: UsdCents
    fully_collateralized: int
    under_margin_call: int
    under_liquidation: int
    no_collateral: int
    no_exposure: int
    bitcoin_to_sell: Satoshis
    cash_returned: UsdCents
    shortfall: UsdCents

    @classmethod
    def of(cls, at: core.StressAt) -> PortfolioStressAt:
        return cls(
            price=at.price,
            fully_collateralized=at.fully_collateralized,
            under_margin_call=at.under_margin_call,
            under_liquidation=at.under_liquidation,
            no_collateral=at.no_collateral,
            no_exposure=at.no_exposure,
            bitcoin_to_sell=at.bitcoin_to_sell,
            cash_returned=at.cash_returned,
            shortfall=at.shortfall,
        )


@strawberry.type
class PortfolioStressGroup:
    """Facilities of equal terms; the template's name, where one has these terms today."""

    terms_template: str | None
    facilities: int
    prices: list[PortfolioStressAt]


@strawberry.type
class Query:
    @strawberry.field
    async def portfolio_stress(
        self, info: Info, prices: list[UsdCents] | None = None, range: PriceRangeInput | None = None
    ) -> list[PortfolioStressGroup]:
        """For prices, or a range of them: how many facilities would be in which state, what would be sold,
        what it would bring, and what would be missing.
        """
        of_range = core.PriceRange(low=range.low, high=range.high, steps=range.steps) if range else None
        report = await info.context.app.credit.stress.of(info.context.ctx, prices, of_range)
        return [
            PortfolioStressGroup(
                terms_template=report.names.get(group.terms_key),
                facilities=group.facilities,
                prices=[PortfolioStressAt.of(at) for at in group.prices],
            )
            for group in report.outlooks
        ]
