"""The terms of a loan, and what follows from them by arithmetic alone.

Rates and CVLs are exact decimals in percent (`12` is 12 %), amounts integers of cents. Whatever is owed is
rounded away from zero to the cent, each time it is worked out. Source: the bank's specification of credit.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, localcontext
from typing import Final

import msgspec

from lana.core.terms.errors import (
    InvalidTermValue,
    MarginCallAboveInitialLimit,
    MarginCallBelowLiquidationLimit,
)
from lana.core.terms.primitives import DisbursalPolicy, Interval, PeriodUnit, Term
from lana.lib.money import UsdCents, checked_int64

SHORT_TERM_MONTHS: Final = 12
DAYS_OF_YEAR: Final = 365
PERCENT: Final = 100

MAX_RATE: Final = Decimal(1_000)
MAX_CVL: Final = Decimal(100_000)
MAX_DECIMALS: Final = 8
MAX_MONTHS: Final = 1_200
MAX_CYCLES: Final = 1_300
"""Of one loan: each may leave a debt, and all debts of a loan are read at once."""
LONGEST_MONTH: Final = 31
MAX_DAYS: Final = 36_500
LEAST_LIQUIDATION_CVL: Final = Decimal(100)


class Duration(msgspec.Struct, frozen=True):
    period: PeriodUnit
    units: int


class TermValues(msgspec.Struct, frozen=True, kw_only=True):
    """Copied into every proposal: a template changed later changes no loan.

    `interest_due_duration_from_accrual` and `obligation_liquidation_duration_from_due` are kept and used by
    nothing.
    """

    annual_rate: Decimal
    one_time_fee_rate: Decimal
    duration: Duration
    interest_due_duration_from_accrual: Duration
    obligation_overdue_duration_from_due: Duration | None
    obligation_liquidation_duration_from_due: Duration | None
    accrual_interval: Interval
    accrual_cycle_interval: Interval
    disbursal_policy: DisbursalPolicy
    initial_cvl: Decimal
    margin_call_cvl: Decimal
    liquidation_cvl: Decimal

    def check(self) -> None:
        """MarginCallAboveInitialLimit, MarginCallBelowLiquidationLimit, InvalidTermValue."""
        if not self.margin_call_cvl < self.initial_cvl:
            raise MarginCallAboveInitialLimit(
                f"margin_call_cvl {self.margin_call_cvl} >= initial_cvl {self.initial_cvl}",
                field="marginCallCvl",
            )
        if not self.liquidation_cvl < self.margin_call_cvl:
            raise MarginCallBelowLiquidationLimit(
                f"margin_call_cvl {self.margin_call_cvl} <= liquidation_cvl {self.liquidation_cvl}",
                field="marginCallCvl",
            )
        _check_percent("annualRate", self.annual_rate, Decimal(0), MAX_RATE)
        _check_percent("oneTimeFeeRate", self.one_time_fee_rate, Decimal(0), Decimal(PERCENT))
        _check_duration("duration", self.duration, PeriodUnit.MONTHS, 1, MAX_MONTHS)
        self._check_cycles()
        for field, days in self._day_durations().items():
            if days is not None:
                _check_duration(field, days, PeriodUnit.DAYS, 0, MAX_DAYS)
        _check_percent("liquidationCvl", self.liquidation_cvl, LEAST_LIQUIDATION_CVL, MAX_CVL)
        _check_percent("marginCallCvl", self.margin_call_cvl, LEAST_LIQUIDATION_CVL, MAX_CVL)
        _check_percent("initialCvl", self.initial_cvl, LEAST_LIQUIDATION_CVL, MAX_CVL)

    def _check_cycles(self) -> None:
        if self.most_cycles > MAX_CYCLES:
            raise InvalidTermValue(
                f"duration is {self.duration.units} months, which may have {self.most_cycles} cycles"
                f" {self.accrual_cycle_interval}, and takes {MAX_CYCLES}",
                field="duration",
            )

    def _day_durations(self) -> Mapping[str, Duration | None]:
        return {
            "interestDueDurationFromAccrual": self.interest_due_duration_from_accrual,
            "obligationOverdueDurationFromDue": self.obligation_overdue_duration_from_due,
            "obligationLiquidationDurationFromDue": self.obligation_liquidation_duration_from_due,
        }

    @property
    def single_disbursal(self) -> bool:
        return self.disbursal_policy is DisbursalPolicy.SINGLE_DISBURSAL

    @property
    def term(self) -> Term:
        return Term.SHORT if self.duration.units <= SHORT_TERM_MONTHS else Term.LONG

    @property
    def effective_annual_rate(self) -> Decimal:
        """The annual rate with the fee spread over the year, to 28 digits."""
        if self.duration.units == 0:
            return self.annual_rate
        with localcontext() as context:
            context.prec = 28
            return self.annual_rate + self.one_time_fee_rate * 12 / self.duration.units

    @property
    def most_cycles(self) -> int:
        """From activation to maturity, on whatever day that is."""
        daily = self.accrual_cycle_interval is Interval.END_OF_DAY
        return self.duration.units * (LONGEST_MONTH if daily else 1) + 1

    def maturity_date(self, activated_on: date) -> date:
        """As many calendar months later; the day clamped to the month's end."""
        return months_after(activated_on, self.duration.units)

    def fee(self, amount: UsdCents) -> UsdCents:
        """The structuring fee on the facility's amount, up to the cent; 0 when there is none."""
        return _part(amount, self.one_time_fee_rate, PERCENT)

    def interest(self, principal: UsdCents, days: int) -> UsdCents:
        """Of so many days on a principal, actual/365, up to the cent."""
        return _part(principal * days, self.annual_rate, PERCENT * DAYS_OF_YEAR)


def months_after(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _part(amount: int, rate: Decimal, of: int) -> UsdCents:
    """amount × rate / of, away from zero, without binary or rounded arithmetic on the way."""
    numerator, denominator = rate.as_integer_ratio()
    return UsdCents(checked_int64(-(-amount * numerator // (of * denominator))))


def _check_percent(field: str, value: Decimal, low: Decimal, high: Decimal) -> None:
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or -exponent > MAX_DECIMALS or not low <= value <= high:
        raise InvalidTermValue(
            f"{field} is {value}, and takes {low} to {high} with at most {MAX_DECIMALS} decimals", field=field
        )


def _check_duration(field: str, value: Duration, period: PeriodUnit, low: int, high: int) -> None:
    if value.period is not period or not low <= value.units <= high:
        raise InvalidTermValue(
            f"{field} is {value.units} {value.period}, and takes {low} to {high} {period}", field=field
        )
