"""Drawing, paying and closing as staff do it: what the answers show, which codes refusals have, who may."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from lana.app import App
from lana.core.credit import Facility
from lana.lib.authz import Ctx
from tests.support.api import Refused
from tests.support.lending import BITCOIN, Lender, terms
from tests.support.loan_life import by_committee, decide
from tests.support.proof import assert_clean
from tests.support.servers import Servers

pytestmark = pytest.mark.asyncio

DISBURSAL = """
creditFacilityDisbursalId publicId status denialReason amount approvalProcess { approvalProcessId status }
creditFacility { creditFacilityId }
ledgerTransactions { ledgerTransactionId description entries { entryType } }
"""
FACILITY = "status canBeCompleted payoff { principal postedInterest accruedInterest total }"


@pytest_asyncio.fixture
async def servers(app: App, superuser: Ctx) -> AsyncIterator[Servers]:
    yield Servers(app, superuser.subject.id)


@pytest.fixture
def lender(app: App, superuser: Ctx) -> Lender:
    return Lender(app, superuser)


async def loan(lender: Lender, *, single: bool = True) -> Facility:
    await lender.price(10_000_000)
    return await lender.active(100_000, BITCOIN, terms(fee="0", months=3, single=single))


async def shown(servers: Servers, facility: Facility) -> dict[str, Any]:
    query = f"query ($id: UUID!) {{ creditFacility(id: $id) {{ {FACILITY} }} }}"
    return (await servers.superuser.ask(query, id=str(facility.id)))["creditFacility"]


async def draw(servers: Servers, facility: Facility, amount: object) -> dict[str, Any]:
    made = await servers.superuser.do(
        "creditFacilityDisbursalInitiate",
        f"creditFacilityDisbursal {{ {DISBURSAL} }}",
        creditFacilityId=str(facility.id),
        amount=amount,
    )
    return made["creditFacilityDisbursal"]


async def pay(servers: Servers, facility: Facility, amount: object) -> dict[str, Any]:
    made = await servers.superuser.do(
        "creditFacilityPartialPaymentRecord",
        f"creditFacility {{ {FACILITY} }}",
        creditFacilityId=str(facility.id),
        amount=amount,
    )
    return made["creditFacility"]


async def code_of(asked: Any) -> str:
    with pytest.raises(Refused) as refusal:
        await asked
    return refusal.value.code


async def test_a_disbursal_from_its_initiation_to_its_end(servers: Servers, lender: Lender) -> None:
    facility = await loan(lender, single=False)
    await by_committee(lender)
    paid, denied = await draw(servers, facility, 40_000), await draw(servers, facility, 10_000)
    assert (paid["status"], paid["denialReason"]) == ("NEW", None)
    assert paid["approvalProcess"] == {
        "approvalProcessId": paid["creditFacilityDisbursalId"],
        "status": "IN_PROGRESS",
    }
    disbursals = await lender.credit.facility_reading.disbursals.of_parent(facility.id)
    for each, approved in zip(disbursals, (False, True), strict=True):
        await decide(lender, each.id, approved=approved)
    query = f"query ($id: PublicId!) {{ disbursalByPublicId(id: $id) {{ {DISBURSAL} }} }}"
    after = [
        (await servers.superuser.ask(query, id=each["publicId"]))["disbursalByPublicId"]
        for each in (paid, denied)
    ]
    assert [each["status"] for each in after] == ["CONFIRMED", "DENIED"]
    assert [[one["description"] for one in each["ledgerTransactions"]] for each in after] == [
        ["Initiate credit facility disbursal", "Settle a disbursal"],
        ["Initiate credit facility disbursal", "Cancel a disbursal"],
    ]
    assert after[0]["creditFacility"] == {"creditFacilityId": str(facility.id)}
    await assert_clean(lender.app)


async def test_refusals_of_a_disbursal_have_their_codes(servers: Servers, lender: Lender) -> None:
    single, line = await loan(lender), await loan(lender, single=False)
    assert await code_of(draw(servers, single, 1)) == "ONLY_ONE_DISBURSAL_ALLOWED"
    assert await code_of(draw(servers, line, 0)) == "AMOUNT_IS_ZERO"
    await lender.price(100_000)
    assert await code_of(draw(servers, line, 90_000)) == "BELOW_MARGIN_LIMIT"


async def test_the_payoff_shown_is_what_ends_the_loan(servers: Servers, lender: Lender) -> None:
    facility = await loan(lender)
    account_id = facility.disbursal_credit_account_id
    await lender.app.commands.run(lender.ctx, lender.app.deposits.record_deposit, account_id, 1_000)
    await lender.until(date(2026, 1, 20))
    before = await shown(servers, facility)
    assert before["payoff"] == {
        "principal": 100_000,
        "postedInterest": 0,
        "accruedInterest": 165,
        "total": 100_165,
    }
    too_much = "PAYMENT_AMOUNT_GREATER_THAN_OUTSTANDING_OBLIGATIONS"
    assert await code_of(pay(servers, facility, 100_166)) == too_much
    after = await pay(servers, facility, 100_165)
    assert after["payoff"]["total"] == 0
    closed = await servers.superuser.do(
        "creditFacilityComplete", f"creditFacility {{ {FACILITY} }}", creditFacilityId=str(facility.id)
    )
    assert closed["creditFacility"]["status"] == "CLOSED"
    assert await code_of(pay(servers, facility, 1)) == "PAYMENT_ON_CLOSED_FACILITY"
    await assert_clean(lender.app)


async def test_refusals_of_a_payment_and_of_completion_have_their_codes(
    servers: Servers, lender: Lender
) -> None:
    facility = await loan(lender)
    assert await code_of(pay(servers, facility, 0)) == "AMOUNT_IS_ZERO"
    early = servers.superuser.do(
        "creditFacilityPartialPaymentWithDateRecord",
        "creditFacility { status }",
        creditFacilityId=str(facility.id),
        amount=1,
        effective="2026-01-14",
    )
    assert await code_of(early) == "PAYMENT_BEFORE_FACILITY_ACTIVATION"
    complete = servers.superuser.do(
        "creditFacilityComplete", "creditFacility { status }", creditFacilityId=str(facility.id)
    )
    assert await code_of(complete) == "OUTSTANDING_AMOUNT"
    accounts = lender.app.deposit_accounts
    await lender.app.commands.run(lender.ctx, accounts.freeze_account, facility.disbursal_credit_account_id)
    refused = "CAN_NOT_CREATE_PROPOSAL_FOR_CLOSED_OR_FROZEN_ACCOUNT"
    assert await code_of(pay(servers, facility, 1)) == refused


async def test_one_key_pays_once(servers: Servers, lender: Lender) -> None:
    facility = await loan(lender)
    document = (
        "mutation ($input: CreditFacilityPartialPaymentRecordInput!) {"
        " creditFacilityPartialPaymentRecord(input: $input) { creditFacility { payoff { total } } } }"
    )
    given = {"input": {"creditFacilityId": str(facility.id), "amount": 30_000}}
    key = {"Idempotency-Key": str(uuid4())}
    answers = [await servers.superuser.answer(document, given, **key) for _ in range(3)]
    assert all("errors" not in each for each in answers)
    assert (await shown(servers, facility))["payoff"]["total"] == 70_000


async def test_who_may_pay_may_not_therefore_choose_the_day_or_close(
    servers: Servers, lender: Lender
) -> None:
    facility = await loan(lender)
    clerk = await servers.user_with("clerk", "collection_writer", "collection_viewer", "credit_viewer")
    given = {"creditFacilityId": str(facility.id), "amount": 1_000}
    await clerk.do("creditFacilityPartialPaymentRecord", "creditFacility { status }", **given)
    for mutation, fields in (
        ("creditFacilityPartialPaymentWithDateRecord", given | {"effective": "2026-01-15"}),
        ("creditFacilityComplete", {"creditFacilityId": str(facility.id)}),
        ("creditFacilityDisbursalInitiate", given),
    ):
        payload = (
            "creditFacilityDisbursal { status }" if "Disbursal" in mutation else "creditFacility { status }"
        )
        assert await code_of(clerk.do(mutation, payload, **fields)) == "NOT_AUTHORIZED"
    assert (await shown(servers, facility))["payoff"]["total"] == 99_000
