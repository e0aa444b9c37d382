"""A worker killed with -9 again and again while it ends the days of a portfolio."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import msgspec
import pytest

from lana.app import App
from lana.core.credit import FacilityStatus
from lana.core.credit.cycle.repo import CycleRepo
from lana.core.credit.facility.repo import FacilityRepo
from lana.core.terms import Duration, PeriodUnit, TermValues
from lana.lib.authz import Ctx
from tests.perf.accounts import open_accounts
from tests.perf.credit.build import Builder, terms_of
from tests.support.ends_of_days import advance
from tests.support.lending import Lender
from tests.support.processes import Processes
from tests.support.proof import assert_clean
from tests.support.waiting import eventually

ACCOUNTS = 20
LOANS = 600
KILLS = 8
DAYS = 33
"""From the first closing to that of 17 February."""
UNDISTURBED = 15
"""Then there come a month's end with all that follows, and a maturity."""
JANUARY, FEBRUARY = 17, 16
ONE_IN_THREE = 3
A_MONTH = Duration(PeriodUnit.MONTHS, 1)
LIFE = 32
"""Days of a loan of a month: that of activation and that of maturity accrue whole."""

WRITTEN = "select count(*) from events where entity_type in ('interest_accrual_cycle', 'obligation')"
EVALUATED = "select count(*) from events where event_type = 'activity_updated'"
OPEN = "select count(*) from end_of_day_runs where state <> 'completed'"
REPEATED = (
    "select count(*) from (select external_id from cala.transactions where external_id is not null"
    " group by external_id having count(*) > 1) twice"
)


@pytest.fixture
def processes(bank_dsn: str, tmp_path: Path) -> Iterator[Processes]:
    with Processes(tmp_path, bank_dsn) as started:
        yield started


async def number(app: App, sql: str) -> int:
    return (await app.db.fetch(sql))[0][0]


async def portfolio(app: App, ctx: Ctx) -> None:
    opened = await open_accounts(app, ctx, ACCOUNTS)
    found = await app.deposit_accounts.repo.peek_many(opened)
    accounts = [(each.id, each.account_holder_id) for each in found.values()]
    await Builder(app, accounts, a_third_matures).build(0, LOANS)


def a_third_matures(number: int) -> TermValues:
    """Of the portfolio, within the days missed."""
    usual = terms_of(number)
    return usual if number % ONE_IN_THREE else msgspec.structs.replace(usual, duration=A_MONTH)


async def missed(app: App, ctx: Ctx) -> None:
    """Some days ended as usual, then the bank was off."""
    lender = Lender(app, ctx)
    await app.end_of_day.tick()
    await advance(lender, UNDISTURBED)
    assert await app.end_of_day.tick() == UNDISTURBED
    await advance(lender, DAYS - UNDISTURBED)


async def test_a_worker_killed_again_and_again_ends_every_day_once(
    app: App, superuser: Ctx, processes: Processes
) -> None:
    seed = int(os.environ.get("LANA_SEED", random.randrange(10_000)))
    print(f"LANA_SEED={seed} kills the same number of events apart")
    chance = random.Random(seed)
    await portfolio(app, superuser)
    await missed(app, superuser)
    killed = 0
    for _ in range(KILLS):
        before = await number(app, WRITTEN)
        worker = processes.worker()
        await asyncio.to_thread(worker.wait_ready)
        more = chance.randrange(100, LOANS * 4)

        async def written(reached: int = before + more) -> bool:
            return await number(app, WRITTEN) >= reached or await done(app)

        await eventually(written, 60)
        killed += not await done(app)
        worker.kill()
    assert killed > 0, "the run was over before anybody was killed"
    last = processes.worker()
    await eventually(lambda: done(app), 120)
    assert await asyncio.to_thread(last.stop) == 0

    assert await number(app, REPEATED) == 0
    assert await number(app, "select count(*) from end_of_day_failures") == 0
    assert await number(app, EVALUATED) == ACCOUNTS
    await every_loan_has_its_days(app)
    await assert_clean(app)


async def done(app: App) -> bool:
    """A worker that starts publishes what was missed."""
    published = await number(app, "select count(*) from end_of_day_runs")
    return published == DAYS and await number(app, OPEN) == 0


async def every_loan_has_its_days(app: App) -> None:
    """January is posted and due, and February has accrued; of what has matured, all is due."""
    facilities, cycles = FacilityRepo(app.db), CycleRepo(app.db)
    ids = [row[0] for row in await app.db.fetch("select id from credit_facilities")]
    assert len(ids) == LOANS
    open_cycles, matured = dict[object, int](), 0
    for facility in (await facilities.peek_many(ids)).values():
        held = facility.position
        a_day = facility.terms.interest(held.outstanding.disbursed, 1)
        if facility.terms.duration == A_MONTH:
            matured += 1
            assert (facility.status, facility.cycle) == (FacilityStatus.MATURED, None)
            assert held.outstanding == held.payable
            assert held.payable.interest == a_day * LIFE
            continue
        assert facility.status is FacilityStatus.ACTIVE
        assert held.outstanding.interest == held.payable.interest == a_day * JANUARY
        assert held.payable.disbursed == 0
        assert facility.cycle is not None
        assert (facility.cycle.idx, facility.cycle.period.start) == (2, date(2026, 2, 1))
        open_cycles[facility.cycle.id] = a_day * FEBRUARY
    assert matured == LOANS // ONE_IN_THREE
    found = await cycles.peek_many(list(open_cycles))
    assert {each.id: each.accrued for each in found.values()} == open_cycles
    assert await number(app, "select count(*) from interest_accrual_cycles") == 2 * LOANS
