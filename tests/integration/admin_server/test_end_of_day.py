"""Ends of days as staff watch them: steps, counts, and what was left for the next run."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from lana.app import App
from lana.lib.authz import Ctx
from lana.lib.es.op import Op
from tests.support.api import Refused
from tests.support.lending import BITCOIN, Lender
from tests.support.servers import Servers

pytestmark = pytest.mark.asyncio

RUNS = """query ($first: Int!) { endOfDayRuns(first: $first) {
  day closingTime state attempts error retryAt startedAt completedAt
  steps { step state done failed } failures { step item error failedAt }
} }"""


@pytest_asyncio.fixture
async def servers(app: App, superuser: Ctx) -> AsyncIterator[Servers]:
    yield Servers(app, superuser.subject.id)


async def test_runs_are_shown_newest_first_with_what_they_went_past(
    app: App, superuser: Ctx, servers: Servers
) -> None:
    lender = Lender(app, superuser)
    await lender.price(10_000_000)
    facilities = [await lender.active(100_000, BITCOIN) for _ in range(2)]
    locked = facilities[0].account_ids.interest_income_account_id

    async def lock(op: Op) -> None:
        op.lock_account(locked)

    await app.end_of_day.tick()
    await lender.end_day()
    await app.commands.run(superuser, lock)
    await lender.end_day()

    newest, older = (await servers.superuser.ask(RUNS, first=10))["endOfDayRuns"]
    assert (newest["day"], newest["state"], newest["error"]) == ("2026-01-17", "completed", None)
    assert newest["retryAt"] > newest["completedAt"], "what it went past is tried again"
    assert (older["day"], older["failures"], older["retryAt"]) == ("2026-01-16", [], None)
    steps = {each["step"]: (each["state"], each["done"], each["failed"]) for each in newest["steps"]}
    assert list(steps) == [
        "obligation-transitions", "facility-maturities", "interest-accruals", "interest-postings",
        "proposal-expiry", "credit-request-expiry", "deposit-activity",
    ]  # fmt: skip
    assert steps["interest-accruals"] == ("completed", 1, 1)
    (failure,) = newest["failures"]
    assert failure["step"] == "interest-accruals"
    assert facilities[0].cycle is not None
    assert failure["item"] == str(facilities[0].cycle.id)
    assert failure["error"]


ACCOUNTS = """query ($activity: Activity!) {
  depositAccounts(first: 10, filter: { activity: $activity }) { nodes { activity
    eventHistory(first: 1) { nodes { eventType payload subject { __typename ... on System { actor } } } } } } }"""


async def test_accounts_are_found_by_the_activity_an_end_of_day_gave_them(
    app: App, superuser: Ctx, servers: Servers
) -> None:
    lender = Lender(app, superuser)
    for key, days in (("inactive", 1), ("escheatable", 3)):
        verb = app.domain_configs.set_by_key
        await app.commands.run(superuser, verb, f"deposit-activity-{key}-threshold-days", days)
    await app.settings.refresh()
    await lender.account()
    await app.end_of_day.tick()
    for activity in ("ACTIVE", "INACTIVE", "INACTIVE", "ESCHEATABLE", "ESCHEATABLE"):
        await lender.end_day()
        found = await servers.superuser.ask(ACCOUNTS, activity=activity)
        (account,) = found["depositAccounts"]["nodes"]
        (event,) = account["eventHistory"]["nodes"]
        assert (event["eventType"], event["payload"]) == ("activity_updated", {"activity": activity.lower()})
        assert event["subject"] == {"__typename": "System", "actor": "deposit-activity"}


@pytest.mark.parametrize(("first", "shown"), [(0, 0), (1, 1), (1_000, 2)])
async def test_as_many_as_are_asked_for_within_bounds(
    app: App, superuser: Ctx, servers: Servers, first: int, shown: int
) -> None:
    lender = Lender(app, superuser)
    await app.end_of_day.tick()
    await lender.end_day()
    await lender.end_day()
    assert len((await servers.superuser.ask(RUNS, first=first))["endOfDayRuns"]) == shown


async def test_fewer_than_none_are_refused(servers: Servers) -> None:
    with pytest.raises(Refused) as refused:
        await servers.superuser.ask(RUNS, first=-1)
    assert refused.value.code == "NEGATIVE_FIRST"


async def test_who_may_not_see_the_banks_time_may_not_see_its_ends_of_days(servers: Servers) -> None:
    other = await servers.user_with("teller", "deposit_viewer")
    with pytest.raises(Refused) as refused:
        await other.ask(RUNS, first=1)
    assert refused.value.code == "NOT_AUTHORIZED"
