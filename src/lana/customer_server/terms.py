"""The terms of a loan, as its customer sees them."""

from __future__ import annotations

import strawberry

from lana.app.views.terms import CvlPct, Duration, cvl_pct
from lana.core import terms as core
from lana.lib.graphql import AnnualRatePct, OneTimeFeeRatePct


@strawberry.type
class TermValues:
    annual_rate: AnnualRatePct
    accrual_interval: core.Interval
    accrual_cycle_interval: core.Interval
    one_time_fee_rate: OneTimeFeeRatePct
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
            duration=Duration(period=values.duration.period, units=values.duration.units),
            liquidation_cvl=cvl_pct(values.liquidation_cvl),
            margin_call_cvl=cvl_pct(values.margin_call_cvl),
            initial_cvl=cvl_pct(values.initial_cvl),
        )
