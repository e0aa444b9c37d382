"""A loan as its customer sees it, to the cent, from the address for its bitcoin to what is overdue and what was paid."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import pytest_asyncio

from lana.app import App
from lana.core.credit import Facility
from lana.lib.authz import Ctx
from lana.lib.money import Satoshis
from tests.support.custodian import SYNC, make_vault
from tests.support.lending import Lender, terms
from tests.support.proof import settle
from tests.support.servers import Servers

pytestmark = pytest.mark.asyncio

QUERY = """query ($id: UUID!) { creditFacility(id: $id) {
  facilityAmount status collateralizationState collateralAddress marginCallPrice liquidationPrice
  currentCvl { ... on FiniteCvlPct { value } }
  balance { facilityRemaining { usdBalance } collateral { btcBalance }
    disbursed { total { usdBalance } outstanding { usdBalance } dueOutstanding { usdBalance } }
    interest { total { usdBalance } outstanding { usdBalance } dueOutstanding { usdBalance } }
    outstanding { usdBalance } dueOutstanding { usdBalance } }
  payments { amount effective }
  disbursals { amount status }
  repaymentPlan { repaymentType status initial outstanding dueAt }
} }"""
Plan = list[tuple[str, str, int, int, str]]


@pytest.fixture
def lender(app: App, superuser: Ctx) -> Lender:
    return Lender(app, superuser)


@pytest_asyncio.fixture
async def facility(lender: Lender) -> Facility:
    """100,000 cents at 12 %, 33 cents a day, on 1,400,000 satoshis in a wallet; overdue 10 days after it is due."""
    app = lender.app
    kept = Lender(app, lender.ctx, await make_vault(app, lender.ctx))
    await kept.price(10_000_000)
    pending = await kept.approved(100_000, terms(overdue_days=10))
    wallet_id = (await kept.secured(pending.collateral_id)).custody_wallet_id
    assert wallet_id is not None
    verb, now = app.custodians.record_balance, app.bank_time.now()
    await app.commands.run(SYNC, verb, wallet_id, Satoshis(1_400_000), now)
    await settle(app)
    return await kept.facility(pending.id)


async def seen(lender: Lender, facility: Facility) -> tuple[dict[str, Any], dict[str, Any], Plan]:
    """The loan, its balance, its plan."""
    servers = Servers(lender.app, lender.ctx.subject.id)
    answer = await servers.customer(facility.customer_id).ask(QUERY, id=str(facility.id))
    loan = answer["creditFacility"]
    plan = [tuple(entry.values()) for entry in loan.pop("repaymentPlan")]
    return loan, plain(loan.pop("balance")), plan


def plain(balance: dict[str, Any]) -> dict[str, Any]:
    """Without the wrapping of each amount."""
    only = {key: value for key, value in balance.items() if key in ("usdBalance", "btcBalance")}
    if only:
        return next(iter(only.values()))
    return {key: plain(value) for key, value in balance.items()}


async def test_a_loan_on_its_first_day(lender: Lender, facility: Facility) -> None:
    loan, balance, plan = await seen(lender, facility)
    assert loan == {
        "facilityAmount": 100_000,
        "status": "ACTIVE",
        "collateralizationState": "FULLY_COLLATERALIZED",
        "collateralAddress": "tb1q1",
        # 125,000 and 105,000 cents for 0.014 bitcoin, rounded up
        "marginCallPrice": 8_928_572,
        "liquidationPrice": 7_500_000,
        "currentCvl": {"value": "140"},
        "payments": [],
        "disbursals": [{"amount": 100_000, "status": "CONFIRMED"}],
    }
    nothing = {"total": 0, "outstanding": 0, "dueOutstanding": 0}
    assert balance == {
        "facilityRemaining": 0,
        "collateral": 1_400_000,
        "disbursed": nothing | {"total": 100_000},
        "interest": nothing,
        "outstanding": 0,
        "dueOutstanding": 0,
    }
    assert plan == [
        ("INTEREST", "UPCOMING", 559, 559, "2026-01-31"),
        ("INTEREST", "UPCOMING", 921, 921, "2026-02-28"),
        ("INTEREST", "UPCOMING", 1_020, 1_020, "2026-03-31"),
        ("INTEREST", "UPCOMING", 494, 494, "2026-04-15"),
        ("DISBURSAL", "DUE", 100_000, 100_000, "2026-04-15"),
    ]


async def test_what_is_due_is_outstanding_and_what_is_overdue_is_due_outstanding(
    lender: Lender, facility: Facility
) -> None:
    await lender.until(date(2026, 3, 2))
    loan, balance, plan = await seen(lender, facility)
    assert (balance["outstanding"], balance["dueOutstanding"]) == (17 * 33 + 28 * 33, 17 * 33)
    assert balance["interest"] == {"total": 1_485, "outstanding": 1_485, "dueOutstanding": 561}
    assert balance["disbursed"] == {"total": 100_000, "outstanding": 0, "dueOutstanding": 0}
    # 140,000 on 101,485
    assert loan["currentCvl"] == {"value": "137"}
    assert [entry[:4] for entry in plan] == [
        ("INTEREST", "OVERDUE", 561, 561),
        ("INTEREST", "DUE", 924, 924),
        ("INTEREST", "UPCOMING", 1_020, 1_020),
        ("INTEREST", "UPCOMING", 494, 494),
        ("DISBURSAL", "DUE", 100_000, 100_000),
    ]

    await lender.pay(facility.id, 600)
    loan, balance, plan = await seen(lender, facility)
    assert loan["payments"] == [{"amount": 600, "effective": "2026-03-02"}]
    assert (balance["outstanding"], balance["dueOutstanding"]) == (885, 0)
    # 126,107 and 105,930 cents, the least that are 1.25 and 1.05 of 100,885, for 0.014 bitcoin
    assert (loan["marginCallPrice"], loan["liquidationPrice"]) == (9_007_643, 7_566_429)
    assert [entry[1:4] for entry in plan[:2]] == [("PAID", 561, 0), ("DUE", 924, 885)]


async def test_a_loan_whose_bitcoin_the_bank_takes_in_by_hand_has_no_address(lender: Lender) -> None:
    await lender.price(10_000_000)
    made = await lender.active(100_000, 1_400_000, terms(single=False, fee="0"))
    loan, balance, _ = await seen(lender, made)
    assert loan["collateralAddress"] is None
    assert (loan["marginCallPrice"], loan["liquidationPrice"]) == (None, None)
    assert balance["facilityRemaining"] == 100_000
