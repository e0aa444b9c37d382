"""A facility's page: how many statements it takes, alone and in a list, and that each shows its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
import pytest_asyncio

from lana.app import App
from lana.core.credit import Facility
from lana.lib.authz import Ctx
from tests.perf.credit.page import OF_THE_LEDGER, QUERY
from tests.support.lending import BITCOIN, Lender, terms
from tests.support.proof import settle
from tests.support.servers import Servers

pytestmark = pytest.mark.asyncio

ONE = "query ($id: UUID!) { creditFacility(id: $id) {"
LIST = QUERY.replace(ONE, "{ creditFacilities(first: 9) { nodes {") + "}"


@pytest.fixture
def servers(app: App, superuser: Ctx) -> Servers:
    return Servers(app, superuser.subject.id)


@pytest_asyncio.fixture
async def facilities(app: App, superuser: Ctx) -> Sequence[Facility]:
    """Three, newest first: drawn twice since its first cycle, drawn at once, and not drawn at all."""
    lender = Lender(app, superuser)
    await lender.price(10_000_000)
    undrawn, once, twice = [
        await lender.active(amount, BITCOIN, terms(fee="0", single=single))
        for amount, single in ((100_000, False), (200_000, True), (300_000, False))
    ]
    await lender.until(date(2026, 2, 2))
    await lender.disburse(twice.id, 1_000)
    await lender.disburse(twice.id, 2_000)
    await settle(app)
    return twice, once, undrawn


async def ask(servers: Servers, query: str, **variables: str) -> tuple[dict[str, Any], int]:
    """The answer, and the statements it took."""
    app = servers.app
    before = app.db.statements + app.committer.statements
    answer = await servers.superuser.ask(query, **variables)
    return answer, app.db.statements + app.committer.statements - before + OF_THE_LEDGER


async def test_a_page_takes_five_statements_its_audit_included(
    servers: Servers, facilities: Sequence[Facility]
) -> None:
    for facility in facilities:
        _, statements = await ask(servers, QUERY, id=str(facility.id))
        assert statements == 5


async def test_a_list_takes_no_more_than_one_page_and_shows_what_each_page_shows(
    servers: Servers, facilities: Sequence[Facility]
) -> None:
    listed, statements = await ask(servers, LIST)
    assert statements == 5
    alone = [(await ask(servers, QUERY, id=str(each.id)))[0]["creditFacility"] for each in facilities]
    assert listed["creditFacilities"]["nodes"] == alone


async def test_each_page_shows_its_own_newest_first(servers: Servers, facilities: Sequence[Facility]) -> None:
    pages = [(await ask(servers, QUERY, id=str(each.id)))[0]["creditFacility"] for each in facilities]
    drawn = [[each["amount"] for each in page["disbursals"]] for page in pages]
    assert drawn == [[2_000, 1_000], [200_000], []]
    latest = [page["history"][0]["__typename"] for page in pages]
    assert latest == ["CreditFacilityDisbursalExecuted", *["CreditFacilityInterestAccrued"] * 2]
    nothing_owed = [[entry["status"] for entry in page["repaymentPlan"]].count("PAID") for page in pages]
    assert nothing_owed == [1, 0, 1]
