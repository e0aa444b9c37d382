"""Credit requests through both servers: asked, taken, answered, expired; nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from lana.core.credit import (
    CreditRequestNotFound,
    CreditRequestSubmitted,
    CreditRequestUpdated,
    RequestExpiry,
    RequestOfAnotherCustomer,
)
from lana.core.credit.request.repo import _OPEN_SINCE  # pyright: ignore[reportPrivateUsage]
from lana.lib.authz import Ctx
from lana.lib.closing import Closing
from lana.lib.outbox.event import decode
from tests.support.api import ApiClient, Refused
from tests.support.servers import START, Servers, open_servers
from tests.support.terms import TERMS

FIELDS = """
  creditRequestId publicId amount purpose note status declineReason expiresAt
  consents { kind textVersion givenAt }
"""
REQUEST = f"creditRequest {{ {FIELDS} }}"
STAFF_FIELDS = f"""{FIELDS} customer {{ customerId }} product {{ termsTemplateId name }}
  assignedTo {{ userId }} creditFacilityProposal {{ creditFacilityProposalId }}
  eventHistory(first: 10) {{ nodes {{ eventType }} }}"""
ONE = f"query ($id: UUID!) {{ creditRequest(id: $id) {{ {FIELDS} }} }}"
CONSENTS = [{"kind": "credit-check", "textVersion": "2026-01"}]


@pytest_asyncio.fixture
async def bank(dsn: str) -> AsyncIterator[Servers]:
    async with open_servers(dsn) as servers:
        await servers.allow_manual_conversion()
        yield servers


async def a_product(bank: Servers, name: str = "Standard", *, offered: bool = True) -> str:
    made = await bank.superuser.do(
        "termsTemplateCreate", "termsTemplate { termsTemplateId }", name=name, terms=TERMS
    )
    product_id: str = made["termsTemplate"]["termsTemplateId"]
    await bank.superuser.do(
        "termsTemplateOfferUpdate",
        "termsTemplate { name }",
        termsTemplateId=product_id,
        offered=offered,
        minAmount=100_000,
        maxAmount=5_000_000,
        requiredDocuments=["Passport"],
    )
    return product_id


async def a_customer(bank: Servers, name: str = "ann") -> ApiClient:
    made = await bank.new_customer(f"{name}@example.com")
    return bank.customer(UUID(made["customerId"]))


async def submit(customer: ApiClient, product_id: str, **changes: object) -> dict[str, Any]:
    given = {"amount": 200_000, "purpose": "a house", "consents": CONSENTS} | changes
    made = await customer.do("creditRequestSubmit", REQUEST, productId=product_id, **given)
    return made["creditRequest"]


async def code_of(asked: Any) -> str:
    with pytest.raises(Refused) as refused:
        await asked
    return refused.value.code


async def test_a_request_goes_from_the_customer_to_staff(bank: Servers) -> None:
    product, ann = await a_product(bank), await a_customer(bank)
    made = await submit(ann, product, note="soon")
    assert (made["status"], made["amount"], made["note"]) == ("SUBMITTED", 200_000, "soon")
    assert made["expiresAt"] == "2026-03-02T09:30:00Z"
    assert made["consents"] == [CONSENTS[0] | {"givenAt": "2026-01-31T09:30:00Z"}]
    assert (await ann.ask(ONE, id=made["creditRequestId"]))["creditRequest"] == made
    own = await ann.ask(f"{{ me {{ customer {{ creditRequests {{ {FIELDS} product {{ name }} }} }} }} }}")
    assert own["me"]["customer"]["creditRequests"] == [made | {"product": {"name": "Standard"}}]

    seen = (
        await bank.superuser.ask(
            f"""{{ creditRequests(first: 5, filter: {{status: SUBMITTED}}, sort: {{by: AMOUNT, direction: ASC}})
            {{ nodes {{ {STAFF_FIELDS} }} }} }}"""
        )
    )["creditRequests"]["nodes"]
    assert [each["creditRequestId"] for each in seen] == [made["creditRequestId"]]
    assert seen[0]["customer"]["customerId"] == str(ann.subject.id)
    assert seen[0]["product"] == {"termsTemplateId": product, "name": "Standard"}
    of_customer = await bank.superuser.ask(
        "query ($id: UUID!) { customer(id: $id) { creditRequests { publicId } } }", id=str(ann.subject.id)
    )
    assert of_customer["customer"]["creditRequests"] == [{"publicId": made["publicId"]}]
    target = await bank.superuser.ask(
        "query ($id: PublicId!) { publicIdTarget(id: $id) { ... on CreditRequest { creditRequestId } } }",
        id=made["publicId"],
    )
    assert target["publicIdTarget"]["creditRequestId"] == made["creditRequestId"]


async def test_staff_take_and_decline(bank: Servers) -> None:
    product, ann = await a_product(bank), await a_customer(bank)
    request_id = (await submit(ann, product))["creditRequestId"]
    payload = f"creditRequest {{ {STAFF_FIELDS} }}"
    taken = await bank.superuser.do("creditRequestTake", payload, creditRequestId=request_id)
    assert taken["creditRequest"]["status"] == "IN_REVIEW"
    assert taken["creditRequest"]["assignedTo"]["userId"] == str(bank.superuser.subject.id)
    colleague = await bank.user_with("clerk", "credit_writer", "credit_viewer")
    taking = colleague.do("creditRequestTake", "creditRequest { status }", creditRequestId=request_id)
    assert await code_of(taking) == "REQUEST_ALREADY_TAKEN"
    declined = await bank.superuser.do(
        "creditRequestDecline", payload, creditRequestId=request_id, reason="no income"
    )
    assert [each["eventType"] for each in declined["creditRequest"]["eventHistory"]["nodes"]] == [
        "declined",
        "taken",
        "initialized",
    ]
    told = (await ann.ask(ONE, id=request_id))["creditRequest"]
    assert (told["status"], told["declineReason"], told["expiresAt"]) == ("DECLINED", "no income", None)
    rows = await bank.app.db.fetch("select payload from outbox order by sequence")
    events = [
        (type(event), event.status.name)
        for row in rows
        if isinstance(event := decode(row[0]), CreditRequestSubmitted | CreditRequestUpdated)
    ]
    assert events == [
        (CreditRequestSubmitted, "SUBMITTED"),
        (CreditRequestUpdated, "IN_REVIEW"),
        (CreditRequestUpdated, "DECLINED"),
    ]


async def test_of_many_requests_for_one_product_one_is_open(bank: Servers) -> None:
    product, ann = await a_product(bank), await a_customer(bank)
    results = await asyncio.gather(*(submit(ann, product) for _ in range(8)), return_exceptions=True)
    refused = [each for each in results if isinstance(each, Refused)]
    assert len(refused) == 7
    assert {each.code for each in refused} == {"OPEN_REQUEST_EXISTS"}
    (first,) = [each for each in results if isinstance(each, dict)]
    await submit(ann, await a_product(bank, "Another"))
    await submit(await a_customer(bank, "bob"), product)
    await ann.do("creditRequestWithdraw", REQUEST, creditRequestId=first["creditRequestId"])
    assert (await submit(ann, product))["status"] == "SUBMITTED"


async def test_withdrawn_and_declined_at_once_it_is_one_of_both(bank: Servers) -> None:
    product, ann = await a_product(bank), await a_customer(bank)
    for _ in range(10):
        request_id = (await submit(ann, product))["creditRequestId"]
        results = await asyncio.gather(
            ann.do("creditRequestWithdraw", REQUEST, creditRequestId=request_id),
            bank.superuser.do(
                "creditRequestDecline", "creditRequest { status }", creditRequestId=request_id, reason="no"
            ),
            return_exceptions=True,
        )
        refused = [each for each in results if isinstance(each, Refused)]
        assert [each.code for each in refused] == ["REQUEST_ALREADY_CONCLUDED"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount": 0}, "AMOUNT_IS_ZERO"),
        ({"amount": 99_999}, "AMOUNT_OUT_OF_BOUNDS"),
        ({"amount": 5_000_001}, "AMOUNT_OUT_OF_BOUNDS"),
        ({"purpose": ""}, "INVALID_REQUEST_TEXT"),
        ({"consents": CONSENTS * 2}, "INVALID_CONSENTS"),
    ],
)
async def test_what_cannot_be_asked_for_is_refused(
    bank: Servers, changes: dict[str, object], code: str
) -> None:
    product, ann = await a_product(bank), await a_customer(bank)
    assert await code_of(submit(ann, product, **changes)) == code


async def test_only_what_is_offered_may_be_asked_for(bank: Servers) -> None:
    hidden, ann = await a_product(bank, offered=False), await a_customer(bank)
    assert await code_of(submit(ann, hidden)) == "PRODUCT_NOT_OFFERED"
    assert await code_of(submit(ann, str(uuid4()))) == "PRODUCT_NOT_OFFERED"
    await a_product(bank, "Seen")
    products = await ann.ask("{ creditProducts { name minAmount requiredDocuments terms { annualRate } } }")
    assert products["creditProducts"] == [
        {
            "name": "Seen",
            "minAmount": 100_000,
            "requiredDocuments": ["Passport"],
            "terms": {"annualRate": "12"},
        }
    ]


async def test_a_frozen_customer_cannot_ask(bank: Servers) -> None:
    product, ann = await a_product(bank), await a_customer(bank)
    await bank.superuser.do("customerFreeze", "customer { status }", customerId=str(ann.subject.id))
    assert await code_of(submit(ann, product)) == "CUSTOMER_NOT_ELIGIBLE_FOR_PRODUCT"


async def test_an_unverified_customer_cannot_ask(bank: Servers) -> None:
    product, ann = await a_product(bank), await a_customer(bank)
    await bank.app.db.fetch(
        """update customers set state = jsonb_set(state, '{level}', '"NotKyced"') where id = %b::uuid
           returning id""",
        [ann.subject.id],
    )
    assert await code_of(submit(ann, product)) == "CUSTOMER_NOT_ELIGIBLE_FOR_PRODUCT"


async def test_a_draft_is_kept_until_it_is_submitted_and_staff_never_see_it(bank: Servers) -> None:
    product, ann = await a_product(bank), await a_customer(bank)
    bob = await a_customer(bank, "bob")
    drafts = "{ me { customer { creditRequestDrafts { amount purpose note consents { kind } product { name } } } } }"
    payload = "creditRequestDraft { amount purpose }"
    await ann.do("creditRequestSaveDraft", payload, productId=product, amount=1)
    await ann.do("creditRequestSaveDraft", payload, productId=product, purpose="a boat", consents=CONSENTS)
    assert (await ann.ask(drafts))["me"]["customer"]["creditRequestDrafts"] == [
        {
            "amount": None,
            "purpose": "a boat",
            "note": None,
            "consents": [{"kind": "credit-check"}],
            "product": {"name": "Standard"},
        }
    ]
    assert (await bob.ask(drafts))["me"]["customer"]["creditRequestDrafts"] == []
    staff = await bank.superuser.ask("{ creditRequests(first: 5) { nodes { status } } }")
    assert staff["creditRequests"]["nodes"] == []
    await submit(ann, product)
    assert (await ann.ask(drafts))["me"]["customer"]["creditRequestDrafts"] == []
    (row,) = await bank.app.db.fetch("select content from credit_request_drafts")
    assert row[0] is None


async def test_another_customers_request_is_not_there(bank: Servers) -> None:
    product, ann = await a_product(bank), await a_customer(bank)
    bob = await a_customer(bank, "bob")
    request_id = (await submit(ann, product))["creditRequestId"]
    assert (await bob.ask(ONE, id=request_id))["creditRequest"] is None
    assert (await bob.ask(ONE, id=str(uuid4())))["creditRequest"] is None
    withdrawing = bob.do("creditRequestWithdraw", REQUEST, creditRequestId=request_id)
    assert await code_of(withdrawing) == "NOT_FOUND"
    watched = await bob.stream(
        "subscription ($id: UUID!) { creditRequestUpdated(creditRequestId: $id) { status } }",
        {"id": request_id},
    )
    assert '"code":"NOT_FOUND"' in watched
    rows = await bank.app.db.fetch(
        "select action, authorized from audit_entries where subject = %b::text order by id",
        [f"customer:{bob.subject.id}"],
    )
    assert ("credit:credit-request:read", False) in rows
    assert ("credit:credit-request:withdraw", False) in rows


async def test_both_sides_watch_a_request(bank: Servers) -> None:
    product, ann = await a_product(bank), await a_customer(bank)
    request_id = (await submit(ann, product))["creditRequestId"]
    watch = "subscription ($id: UUID!) { creditRequestUpdated(creditRequestId: $id) { status } }"
    async with (
        ann.listening(watch, {"id": request_id}) as own,
        bank.superuser.listening(watch, {"id": request_id}) as staffs,
    ):
        await asyncio.sleep(0.2)
        await bank.superuser.do("creditRequestTake", "creditRequest { status }", creditRequestId=request_id)
        for stream in (own, staffs):
            assert (await stream.next())["data"]["creditRequestUpdated"] == {"status": "IN_REVIEW"}


async def test_a_proposal_answers_the_request_in_its_own_op(bank: Servers) -> None:
    app, ctx = bank.app, Ctx.system("test")
    product, ann = await a_product(bank), await a_customer(bank)
    request_id = UUID((await submit(ann, product))["creditRequestId"])
    verb = app.credit_requests.mark_proposed
    with pytest.raises(RequestOfAnotherCustomer):
        await app.commands.run(ctx, verb, request_id, uuid4(), uuid4())
    with pytest.raises(CreditRequestNotFound, match="CreditRequestError - NotFound"):
        await app.commands.run(ctx, verb, uuid4(), ann.subject.id, uuid4())
    proposal_id = uuid4()
    await app.commands.run(ctx, verb, request_id, ann.subject.id, proposal_id)
    answer = await ann.ask(
        "query ($id: UUID!) { creditRequest(id: $id) { status creditFacilityProposalId } }",
        id=str(request_id),
    )
    assert answer["creditRequest"] == {"status": "PROPOSED", "creditFacilityProposalId": str(proposal_id)}
    assert (await submit(ann, product))["status"] == "SUBMITTED"


def closing_after(bank: Servers, days: float) -> Closing:
    instant = bank.app.bank_time.now() + timedelta(days=days)
    return Closing(instant.date(), instant, "UTC")


async def test_open_requests_expire_after_thirty_days(bank: Servers) -> None:
    app = bank.app
    product, ann = await a_product(bank), await a_customer(bank)
    bob = await a_customer(bank, "bob")
    open_id = (await submit(ann, product))["creditRequestId"]
    declined_id = (await submit(bob, product))["creditRequestId"]
    await bank.superuser.do(
        "creditRequestDecline", "creditRequest { status }", creditRequestId=declined_id, reason="no"
    )
    step = RequestExpiry(app.commands, app.credit_requests, app.settings)
    early = await step.page(closing_after(bank, 29.99), None)
    assert (early.done, early.cursor) == (0, None)
    done = await step.page(closing_after(bank, 30), None)
    assert (done.done, done.failures, done.cursor) == (1, [], None)
    again = await step.page(closing_after(bank, 30), None)
    assert again.done == 0
    assert (await ann.ask(ONE, id=open_id))["creditRequest"]["status"] == "EXPIRED"
    assert (await bob.ask(ONE, id=declined_id))["creditRequest"]["status"] == "DECLINED"
    assert (await submit(ann, product))["status"] == "SUBMITTED"


async def test_without_a_limit_requests_stay(bank: Servers) -> None:
    app = bank.app
    product, ann = await a_product(bank), await a_customer(bank)
    await app.commands.run(Ctx.system("test"), app.domain_configs.set_by_key, "credit-request-expiry-days", 0)
    await app.settings.refresh()
    made = await submit(ann, product)
    assert made["expiresAt"] is None
    step = RequestExpiry(app.commands, app.credit_requests, app.settings)
    assert (await step.page(closing_after(bank, 3000), None)).done == 0


async def test_pages_of_expiry_go_on_where_the_last_one_ended(
    bank: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lana.core.credit.request_expiry.PAGE", 2)
    app = bank.app
    product = await a_product(bank)
    for name in ("ann", "bob", "cem"):
        await submit(await a_customer(bank, name), product)
    step = RequestExpiry(app.commands, app.credit_requests, app.settings)
    first = await step.page(closing_after(bank, 31), None)
    assert first.done == 2
    assert first.cursor is not None
    last = await step.page(closing_after(bank, 31), first.cursor)
    assert (last.done, last.cursor) == (1, None)


async def test_what_may_expire_is_found_by_its_index(bank: Servers) -> None:
    app = bank.app
    await app.db.fetch(
        """with made as (
             insert into credit_requests
             select ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 1,
                    timestamptz '2026-01-01' + make_interval(mins => n), '{}', gen_random_uuid(),
                    gen_random_uuid(), case when mod(n, 50) = 0 then 'submitted' else 'declined' end, 1
               from generate_series(1, 20000) n returning 1)
           select count(*) from made"""
    )
    await app.db.fetch("analyze credit_requests")
    rows = await app.db.fetch(f"explain (costs off) {_OPEN_SINCE}", [START, UUID(int=0), 500])
    plan = "\n".join(row[0] for row in rows)
    assert "credit_requests_open" in plan
    assert "Sort" not in plan
