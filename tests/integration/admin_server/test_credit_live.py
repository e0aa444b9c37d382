"""What staff watch of credit: each stream answers the changes of its own object, as it is then."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from uuid import UUID

import pytest
import pytest_asyncio

from lana.app import App
from lana.lib.authz import Ctx
from tests.support.api import ApiClient, EventStream
from tests.support.lending import BITCOIN, Lender, terms
from tests.support.proof import settle
from tests.support.servers import Servers
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio

MOST = 8
"""So many changes at most until the one that is waited for."""


class Watch:
    """One listener, and the lender whose loans are watched."""

    def __init__(self, app: App, ctx: Ctx, client: ApiClient) -> None:
        self.app = app
        self.lender = Lender(app, ctx)
        self._client = client
        self._begun = 0

    @asynccontextmanager
    async def of(self, name: str, of_id: UUID, fields: str) -> AsyncIterator[Heard]:
        key = f"{name.removesuffix('Updated')}Id"
        query = f"subscription ($id: UUID!) {{ {name}({key}: $id) {{ {fields} }} }}"
        async with self._client.listening(query, {"id": str(of_id)}) as stream:
            self._begun += 1
            await eventually(self._reads, 15)
            assert stream.quiet, "nothing is said at first"
            yield Heard(stream, name)

    async def _reads(self) -> bool:
        rows = await self.app.db.fetch(
            "select count(*) from audit_entries where subject = %b::text", [str(self._client.subject)]
        )
        return rows[0][0] >= self._begun


class Heard:
    def __init__(self, stream: EventStream, name: str) -> None:
        self._stream = stream
        self._name = name

    async def until(self, **expected: object) -> None:
        heard: list[object] = []
        while expected not in heard:
            assert len(heard) < MOST, heard
            heard.append((await self._stream.next())["data"][self._name])


@pytest_asyncio.fixture
async def watch(app: App, superuser: Ctx) -> Watch:
    client = await Servers(app, superuser.subject.id).user_with("watcher", "credit_viewer")
    watch = Watch(app, superuser, client)
    await watch.lender.price(10_000_000)
    return watch


async def test_a_proposal_is_watched_until_it_is_approved(watch: Watch) -> None:
    lender = watch.lender
    proposal, other = [await lender.propose(100_000) for _ in range(2)]
    fields = "creditFacilityProposalId status facilityAmount"
    async with watch.of("creditFacilityProposalUpdated", proposal.id, fields) as heard:
        for each in (other, proposal):
            verb = lender.credit.proposals.conclude_customer_approval
            await watch.app.commands.run(lender.ctx, verb, each.id, True)
        await settle(watch.app)
        await heard.until(
            creditFacilityProposalId=str(proposal.id), status="APPROVED", facilityAmount=100_000
        )


async def test_a_pending_facility_is_watched_until_it_is_completed(watch: Watch) -> None:
    lender = watch.lender
    pending = await lender.approved(100_000, terms(fee="0"))
    fields = "status collateralizationState collateral"
    async with watch.of("pendingCreditFacilityUpdated", pending.id, fields) as heard:
        await lender.collateral(pending.collateral_id, 1_100_000)
        await settle(watch.app)
        await heard.until(
            status="PENDING_COLLATERALIZATION",
            collateralizationState="UNDER_COLLATERALIZED",
            collateral=1_100_000,
        )
        await lender.collateral(pending.collateral_id, 1_400_000)
        await settle(watch.app)
        await heard.until(
            status="COMPLETED", collateralizationState="FULLY_COLLATERALIZED", collateral=1_400_000
        )


async def test_a_facility_is_watched_through_its_life(watch: Watch) -> None:
    lender = watch.lender
    facility = await lender.active(100_000, BITCOIN, terms(fee="0", single=False))
    fields = "status collateralizationState balance { disbursed { outstanding } interest { total } }"

    def shown(state: str, disbursed: int, interest: int) -> dict[str, object]:
        balance = {"disbursed": {"outstanding": disbursed}, "interest": {"total": interest}}
        return {"status": "ACTIVE", "collateralizationState": state, "balance": balance}

    async with watch.of("creditFacilityUpdated", facility.id, fields) as heard:
        await lender.disburse(facility.id, 100_000)
        await settle(watch.app)
        await heard.until(**shown("FULLY_COLLATERALIZED", 100_000, 0))
        # 17 days at 33 cents, posted when the month ends
        await lender.until(date(2026, 2, 1))
        await heard.until(**shown("FULLY_COLLATERALIZED", 100_000, 17 * 33))
        await lender.price(120_000)
        await heard.until(**shown("UNDER_MARGIN_CALL_THRESHOLD", 100_000, 17 * 33))


async def test_a_disbursal_is_watched_until_it_is_paid_out(watch: Watch) -> None:
    lender = watch.lender
    line = await lender.active(100_000, BITCOIN, terms(fee="0", single=False))
    disbursal = await lender.disburse(line.id, 1_000)
    async with watch.of("disbursalUpdated", disbursal.id, "publicId status amount") as heard:
        await lender.disburse(line.id, 2_000)
        await settle(watch.app)
        await heard.until(publicId=disbursal.public_id, status="CONFIRMED", amount=1_000)


@pytest.mark.parametrize(
    "name",
    [
        *("creditFacilityProposalUpdated", "pendingCreditFacilityUpdated"),
        *("creditFacilityUpdated", "disbursalUpdated"),
    ],
)
async def test_what_does_not_exist_is_not_watched(app: App, superuser: Ctx, name: str) -> None:
    key = f"{name.removesuffix('Updated')}Id"
    query = f"subscription ($id: UUID!) {{ {name}({key}: $id) {{ status }} }}"
    told = await Servers(app, superuser.subject.id).superuser.stream(query, {"id": str(superuser.subject.id)})
    assert "not found" in told
