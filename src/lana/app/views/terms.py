"""What terms are made of, the same for staff and customers."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import strawberry

from lana.core import terms as core
from lana.lib.graphql import CVLPctValue

strawberry.enum(core.Interval, name="InterestInterval")
strawberry.enum(core.PeriodUnit, name="Period")


@strawberry.type
class Duration:
    period: core.PeriodUnit
    units: int


@strawberry.type
class FiniteCvlPct:
    value: CVLPctValue


@strawberry.type
class InfiniteCvlPct:
    is_infinite: bool = True


CvlPct = Annotated[FiniteCvlPct | InfiniteCvlPct, strawberry.union("CvlPct")]


def finite(value: Decimal) -> FiniteCvlPct:
    return FiniteCvlPct(value=CVLPctValue(value))


def cvl_pct(percent: int | Decimal | None) -> CvlPct:
    """None is infinite."""
    return InfiniteCvlPct() if percent is None else finite(Decimal(percent))
