"""What the ends of days post for the loans of the worked examples, day by day, to the cent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio

from lana.app import open_app
from lana.core.credit import Facility, FacilityStatus
from lana.core.credit.history import InterestAccrued
from lana.core.credit.primitives import FacilityAccountIds
from lana.lib.authz import Ctx, Subject
from lana.lib.config.model import TimeConfig, TimeMode
from tests.conftest import SUPERUSER, bank_config
from tests.support.lending import Lender, terms
from tests.support.loan_life import obligations_of, told
from tests.support.proof import assert_clean, settle

pytestmark = pytest.mark.asyncio

ACCRUED, POSTED, DUE, OVERDUE = (
    "CREDIT_FACILITY_ACCRUE_INTEREST",
    "CREDIT_FACILITY_POST_ACCRUED_INTEREST",
    "RECORD_OBLIGATION_DUE_BALANCE",
    "RECORD_OBLIGATION_OVERDUE_BALANCE",
)
ENTRIES = """
select t.effective, p.code, e.layer::text, e.direction::text, e.account_id, e.amount
  from cala.transactions t join cala.templates p on p.id = t.template_id
  join cala.entries e on e.transaction_id = t.id
 where p.code = any(%b::text[]) and e.account_id = any(%b::uuid[])
 order by t.position, e.position
"""
NYD, INCOME = "interest_receivable_not_yet_due", "interest_income"

Posting = tuple[date, str, str, str, str, int]


@pytest_asyncio.fixture
async def lender(dsn: str) -> AsyncIterator[Lender]:
    """A bank that begins when the examples do."""
    config = bank_config(dsn)
    time = TimeConfig(mode=TimeMode.MANUAL, start_at=datetime(2025, 1, 10, 12, tzinfo=UTC))
    async with open_app(msgspec.structs.replace(config, time=time)) as app:
        rows = await app.db.fetch(
            "select id from personal_data where kind = 'user' and email = %b::text", [SUPERUSER]
        )
        yield Lender(app, Ctx(subject=Subject.user(rows[0][0]), request_id="test"))


async def posted(lender: Lender, facility: Facility, *codes: str) -> Sequence[Posting]:
    """The loan's own entries in the order they were made: effective date, template, layer, side, account,
    amount.
    """
    ids = facility.account_ids
    named: dict[UUID, str] = {
        getattr(ids, name): name.removesuffix("_account_id") for name in FacilityAccountIds.__struct_fields__
    }
    rows = await lender.app.db.fetch(ENTRIES, [list(codes), list(named)])
    return [
        (on, code, layer, side, named[account], amount) for on, code, layer, side, account, amount in rows
    ]


def accruals(start: date, *runs: tuple[int, int]) -> Sequence[Posting]:
    """(days, cents a day) one run of days after another."""
    amounts = [cents for days, cents in runs for _ in range(days)]
    return [
        (start + timedelta(days=number), ACCRUED, "pending", side, account, cents)
        for number, cents in enumerate(amounts)
        for side, account in (("debit", NYD), ("credit", INCOME))
    ]


def cycle_posted(on: date, total: int) -> Sequence[Posting]:
    return [
        (on, POSTED, "pending", "debit", INCOME, total),
        (on, POSTED, "pending", "credit", NYD, total),
        (on, POSTED, "settled", "debit", NYD, total),
        (on, POSTED, "settled", "credit", INCOME, total),
        (on, POSTED, "settled", "credit", "facility_uncovered_outstanding", total),
    ]


def due(on: date, amount: int, kind: str = "interest") -> Sequence[Posting]:
    return [
        (on, DUE, "settled", "credit", f"{kind}_receivable_not_yet_due", amount),
        (on, DUE, "settled", "debit", f"{kind}_receivable_due", amount),
    ]


async def test_26_1_single_disbursal_every_day_until_after_its_maturity(lender: Lender) -> None:
    await lender.until(date(2025, 1, 15))
    await lender.price(10_000_000)
    facility = await lender.active(100_000, 1_400_000)
    assert facility.maturity_date == date(2025, 4, 15)

    await lender.until(date(2025, 2, 1))
    assert (await lender.balance(facility.id))["interest"] == 561
    (principal, interest) = await obligations_of(lender, facility.id)
    assert (interest.due_date, interest.overdue_date) == (date(2025, 1, 31), date(2025, 3, 22))
    assert (principal.due_date, principal.overdue_date) == (date(2025, 4, 15), date(2025, 6, 4))
    assert (await lender.balance(facility.id))["interest_payable"] == 0, (
        "born in this run, it moves in the next"
    )
    await lender.end_day()
    assert (await lender.balance(facility.id))["interest_payable"] == 561

    await lender.until(date(2025, 2, 10))
    await lender.pay(facility.id, 50_561)
    await lender.until(date(2025, 4, 15))
    assert (await lender.facility(facility.id)).status is FacilityStatus.MATURED
    assert (await lender.balance(facility.id))["disbursed_payable"] == 50_000
    await lender.until(date(2025, 4, 20))

    january, february, march, maturity = (date(2025, 1, 31), date(2025, 2, 28), date(2025, 3, 31),
                                          date(2025, 4, 15))  # fmt: skip
    assert await posted(lender, facility, ACCRUED) == [
        *accruals(date(2025, 1, 15), (17, 33)),
        *accruals(date(2025, 2, 1), (9, 33), (19, 17)),
        *accruals(date(2025, 3, 1), (31, 17)),
        *accruals(date(2025, 4, 1), (15, 17)),
    ]
    assert await posted(lender, facility, POSTED, DUE) == [
        *cycle_posted(january, 561),
        *due(january, 561),
        *cycle_posted(february, 620),
        *due(february, 620),
        *cycle_posted(march, 527),
        *due(march, 527),
        *due(maturity, 50_000, "disbursed"),
        *cycle_posted(maturity, 255),
        *due(maturity, 255),
    ]
    assert await posted(lender, facility, OVERDUE) == [
        (date(2025, 4, 19), OVERDUE, "settled", "credit", "interest_receivable_due", 620),
        (date(2025, 4, 19), OVERDUE, "settled", "debit", "interest_receivable_overdue", 620),
    ]
    balance = await lender.balance(facility.id)
    assert (balance["interest_total"], balance["interest"], balance["interest_payable"]) == (
        1_963,
        1_402,
        1_402,
    )
    assert (balance["disbursed"], balance["disbursed_payable"], balance["uncovered"]) == (
        50_000,
        50_000,
        51_402,
    )
    await assert_clean(lender.app)


async def test_26_1_is_told_of_with_its_cycles_days_and_dates(lender: Lender) -> None:
    await lender.until(date(2025, 1, 15))
    await lender.price(10_000_000)
    facility = await lender.active(100_000, 1_400_000)
    await lender.until(date(2025, 4, 17))
    cycles = [
        (each["posting"]["amount"], each["posting"]["effective"], each["due_at"], each["period"]["start"])
        for each in await told(lender, "AccrualPosted")
    ]
    assert cycles == [
        (561, "2025-01-31", "2025-01-31", "2025-01-15"),
        (924, "2025-02-28", "2025-02-28", "2025-02-01"),
        (1_023, "2025-03-31", "2025-03-31", "2025-03-01"),
        (495, "2025-04-15", "2025-04-15", "2025-04-01"),
    ]
    history = [
        (each.told.cents, each.told.days, each.effective)
        for each in await lender.told(facility.id)
        if isinstance(each.told, InterestAccrued)
    ]
    assert history == [
        (561, 17, date(2025, 1, 31)),
        (924, 28, date(2025, 2, 28)),
        (1_023, 31, date(2025, 3, 31)),
        (495, 15, date(2025, 4, 15)),
    ]
    assert len(await told(lender, "FacilityMatured")) == 1
    assert len(await told(lender, "ObligationDue")) == 5
    assert len(await told(lender, "ObligationOverdue")) == 1


async def test_26_2_january_and_february(lender: Lender) -> None:
    await lender.price(10_000_000)
    values = terms(rate="10", fee="1", months=24, single=False)
    facility = await lender.active(10_000_000, 150_000_000, values)
    assert (facility.activated_on, facility.maturity_date) == (date(2025, 1, 10), date(2027, 1, 10))
    await lender.until(date(2025, 1, 20))
    await lender.disburse(facility.id, 4_000_000)
    await settle(lender.app)

    await lender.until(date(2025, 2, 1))
    assert await posted(lender, facility, ACCRUED) == accruals(date(2025, 1, 10), (10, 28), (12, 1_124))
    assert await posted(lender, facility, POSTED) == cycle_posted(date(2025, 1, 31), 13_768)
    await lender.until(date(2025, 2, 5))
    await lender.pay(facility.id, 1_200_000)

    await lender.until(date(2025, 3, 1))
    february = accruals(date(2025, 2, 1), (4, 1_124), (24, 799))
    assert (await posted(lender, facility, ACCRUED))[22 * 2 :] == february
    assert (await posted(lender, facility, POSTED))[5:] == cycle_posted(date(2025, 2, 28), 23_672)
    balance = await lender.balance(facility.id)
    assert (balance["disbursed_total"], balance["disbursed"], balance["disbursed_payable"]) == (
        4_100_000, 2_913_768, 0,
    )  # fmt: skip
    assert (balance["interest_total"], balance["interest"], balance["interest_payable"]) == (
        37_440,
        23_672,
        0,
    )
    assert (balance["remaining"], balance["uncovered"]) == (5_900_000, 2_937_440)
    assert await lender.held(facility.disbursal_credit_account_id) == 2_800_000
    price = await lender.app.prices.peek()
    assert price is not None
    assert (await lender.facility(facility.id)).position.cvl(price.price) == 510
    await assert_clean(lender.app)
