"""The portfolio at prices of one's choosing: one query, then columns in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
import numpy as np

from lana.core.credit.cvl import CollateralizationState
from lana.core.credit.primitives import FacilityAction
from lana.core.credit.stress.columns import Ints, columns_of
from lana.core.credit.stress.grid import Outlook, Prepared, stress
from lana.core.credit.terms_key import terms_key
from lana.core.terms import TermsTemplates
from lana.lib.authz import Authorizer, Scope
from lana.lib.errors import Kind, Refusal
from lana.lib.money import INT64_MAX, UsdCents
from lana.lib.pg.database import Database

MAX_PRICES: Final = 20_001
MAX_FACILITIES: Final = 5_000_000

_LOAD: Final = (
    "select terms_key, min(initial_cvl_e8), min(liquidation_from), min(margin_call_from), min(back_from),"
    " array_agg(collateral), array_agg(exposure),"
    f" array_agg(collateralization_state = '{CollateralizationState.UNDER_MARGIN_CALL_THRESHOLD}')"
    " from (select * from credit_facilities where status <> 'closed' limit %b::int8) as open"
    " group by terms_key order by terms_key"
)


class InvalidPrices(Refusal):
    """1 to `MAX_PRICES` prices above 0."""

    kind = Kind.VALIDATION
    prefix = "PortfolioStressError"


class PriceRange(msgspec.Struct, frozen=True, kw_only=True):
    """From one price to another, both included, in equal steps rounded down."""

    low: UsdCents
    high: UsdCents
    steps: int

    def prices(self) -> list[UsdCents]:
        if self.steps < 1 or self.steps >= MAX_PRICES or self.low > self.high:
            raise InvalidPrices(f"a range has 1 to {MAX_PRICES - 1} steps upwards", field="range")
        span = self.high - self.low
        return [UsdCents(self.low + span * step // self.steps) for step in range(self.steps + 1)]


class StressReport(msgspec.Struct, frozen=True, kw_only=True):
    """Of each group of equal terms; `names` holds the templates whose terms they are today."""

    outlooks: Sequence[Outlook]
    names: Mapping[UUID, str]


class PortfolioStress:
    def __init__(self, db: Database, authz: Authorizer, templates: TermsTemplates) -> None:
        self._db = db
        self._authz = authz
        self._templates = templates

    async def of(
        self, ctx: Scope, prices: Sequence[UsdCents] | None = None, of_range: PriceRange | None = None
    ) -> StressReport:
        """At these prices, or at those of a range: InvalidPrices for neither, both, or what cannot be. The
        columns are of one snapshot; they are worked on beside the event loop."""
        self._authz.enforce(ctx, FacilityAction.LIST)
        if (prices is None) == (of_range is None):
            raise InvalidPrices("either prices or a range", field="prices")
        prices = of_range.prices() if of_range else prices or ()
        if not 1 <= len(prices) <= MAX_PRICES or not all(0 < price <= INT64_MAX for price in prices):
            raise InvalidPrices(f"1 to {MAX_PRICES} prices above 0", field="prices")
        rows = await self.load()
        grid = np.array(prices, np.int64)
        outlooks = await asyncio.to_thread(work_out, rows, grid)
        names = {terms_key(each.values): each.name for each in await self._templates.peek_all()}
        return StressReport(outlooks=outlooks, names=names)

    async def load(self) -> Sequence[Sequence[Any]]:
        """One row for each group of equal terms, its columns as arrays."""
        return await self._db.fetch(_LOAD, [MAX_FACILITIES])


def work_out(rows: Sequence[Sequence[Any]], prices: Ints) -> list[Outlook]:
    return [stress(prepared(row), prices) for row in rows]


def prepared(row: Sequence[Any]) -> Prepared:
    key, initial_cvl_e8, liquidation, margin_call, back, collateral, exposure, called = row
    columns = (
        np.array(collateral, np.int64),
        np.array(exposure, np.int64),
        np.array(called, np.bool_),
    )
    return Prepared.of(columns_of(key, initial_cvl_e8, (liquidation, margin_call, back), columns))
