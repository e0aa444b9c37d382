"""Every step of an end of day, on a day on which it has work: killed right after it, or while time goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import date, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio

from lana.app import App, open_app
from lana.core.credit import Application
from lana.core.terms import Offer
from lana.lib.authz import Ctx, Subject
from lana.lib.money import UsdCents
from tests.conftest import BANK, bank_config, copy_template, drop_database
from tests.support.bank import make_customer, superuser_of
from tests.support.ends_of_days import Broken, Meanwhile, advance, runner
from tests.support.lending import Lender, terms
from tests.support.proof import assert_clean
from tests.support.proposing import set_up

pytestmark = pytest.mark.asyncio

WORK = {
    "obligation-transitions": date(2026, 2, 2),
    "facility-maturities": date(2026, 2, 15),
    "interest-accruals": date(2026, 1, 20),
    "interest-postings": date(2026, 2, 1),
    "proposal-expiry": date(2026, 1, 26),
    "credit-request-expiry": date(2026, 1, 28),
    "deposit-activity": date(2026, 1, 21),
}
"""A day on which each step has work, in the portfolio below."""
SETTINGS = {
    "proposal-expiry-days": 10,
    "credit-request-expiry-days": 12,
    "deposit-activity-inactive-threshold-days": 5,
}

# what there is, by value: a thing done twice, or not at all, or on another day, shows
LEFT: Sequence[str] = (
    "select entity_type, event_type, count(*) from events where entity_type <> 'bank_clock' group by 1, 2",
    "select type, count(*) from outbox group by 1",
    "select code, effective, count(*) from cala.transactions x join cala.templates t on t.id = x.template_id"
    " group by 1, 2",
    "select day, step, state, failed from end_of_day_steps",
    "select day, error from end_of_day_runs where state <> 'completed'",
)


@pytest.fixture
def lender(app: App, superuser: Ctx) -> Lender:
    return Lender(app, superuser)


@pytest_asyncio.fixture
async def twin(server: str) -> AsyncIterator[Lender]:
    """The same on a bank of its own, where nothing is disturbed."""
    name = f"twin_{uuid4().hex}"
    async with open_app(bank_config(copy_template(server, name, BANK)), start=False) as opened:
        yield Lender(opened, await superuser_of(opened))
    drop_database(server, name)


async def portfolio(lender: Lender) -> None:
    """Loans of a month and of three, an open proposal, an open request."""
    for key, days in SETTINGS.items():
        await set_up(lender, key, days)
    await lender.price(10_000_000)
    for months in (1, 1, 3, 3, 3):
        await lender.active(100_000, 1_400_000, terms(months=months))
    await lender.propose(100_000)
    await request(lender)
    await lender.app.end_of_day.tick()


async def request(lender: Lender) -> None:
    app, run = lender.app, lender.app.commands.run
    product = await run(lender.ctx, app.terms_templates.create, "Standard", terms())
    await run(lender.ctx, app.terms_templates.update_offer, product.id, Offer(offered=True))
    customer = await make_customer(app, lender.ctx)
    ctx = Ctx(subject=Subject.customer(customer.id), request_id="test")
    application = Application(amount=UsdCents(200_000), purpose="a house")
    await run(ctx, app.own_credit_requests.submit, product.id, application)


async def left(lender: Lender) -> set[tuple[object, ...]]:
    found = {tuple(row) for sql in LEFT for row in await lender.app.db.fetch(sql)}
    loans = await lender.app.db.fetch("select id from credit_facilities")
    balances = Counter([tuple((await lender.balance(row[0])).items()) for row in loans])
    return found | set(balances.items())


async def the_same(lender: Lender, twin: Lender) -> None:
    assert await left(lender) ^ await left(twin) == set()


@pytest.mark.parametrize("name", WORK)
async def test_a_run_killed_after_the_work_of_any_step_goes_on_and_does_nothing_twice(
    lender: Lender, twin: Lender, name: str
) -> None:
    day = WORK[name]
    for each in (lender, twin):
        await portfolio(each)
        await each.until(day - timedelta(days=1))
    await twin.end_day()

    steps = list(lender.app.end_of_day.steps)
    which = [step.name for step in steps].index(name)
    broken = Broken(steps[which])
    steps[which] = broken
    run = runner(lender, steps)
    await advance(lender)
    assert await run.tick() == 0
    assert broken.done > 0
    await run.runs.nudge()
    assert await run.tick() == 1
    assert lender.app.bank_time.today() == day

    await the_same(lender, twin)
    for each in (lender, twin):
        await each.end_day()
    await the_same(lender, twin)
    await assert_clean(lender.app)


@pytest.mark.parametrize("name", WORK)
async def test_a_clock_advanced_while_a_run_is_under_way_changes_nothing_in_it(
    lender: Lender, twin: Lender, name: str
) -> None:
    for each in (lender, twin):
        await portfolio(each)
        await each.until(WORK[name] - timedelta(days=1))
    await twin.end_day()

    steps = list(lender.app.end_of_day.steps)
    which = [step.name for step in steps].index(name)
    disturbed = Meanwhile(steps[which], lambda: advance(lender, 2))
    steps[which] = disturbed
    await advance(lender)
    assert await runner(lender, steps).tick() == 1
    assert disturbed.done > 0
    await the_same(lender, twin)

    assert await lender.app.end_of_day.tick() == 2
    for _ in range(2):
        await twin.end_day()
    await the_same(lender, twin)
    await assert_clean(lender.app)


async def test_every_step_has_its_day(app: App) -> None:
    assert [step.name for step in app.end_of_day.steps] == list(WORK)
