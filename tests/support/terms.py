"""Terms as the admin API takes them: those of the first worked example."""

from __future__ import annotations

from typing import Any

TERMS: dict[str, Any] = {
    "annualRate": "12",
    "oneTimeFeeRate": 5,
    "duration": {"period": "MONTHS", "units": 3},
    "interestDueDurationFromAccrual": {"period": "DAYS", "units": 0},
    "obligationOverdueDurationFromDue": {"period": "DAYS", "units": 50},
    "obligationLiquidationDurationFromDue": {"period": "DAYS", "units": 60},
    "accrualInterval": "END_OF_DAY",
    "accrualCycleInterval": "END_OF_MONTH",
    "disbursalPolicy": "SINGLE_DISBURSAL",
    "initialCvl": "140",
    "marginCallCvl": "125",
    "liquidationCvl": 105,
}
