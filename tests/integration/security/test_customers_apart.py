"""A customer sees what is the customer's own and nothing of anybody else, by whatever operation."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

import msgspec
import pytest
import pytest_asyncio

from lana.customer_server.schema import schema
from lana.lib.authz import Subject
from lana.lib.graphql.schema import core_schema
from tests.integration.security.documents import Operation, document, everything, field_of, operations
from tests.integration.security.world import make_proposal, make_world
from tests.support.api import ApiClient
from tests.support.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

UUID_TEXT = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# what the bank offers to everybody; what is made from it belongs to whoever asks
PRODUCTS = {"creditProducts", "creditRequestSaveDraft", "creditRequestSubmit"}
# what a bitcoin costs is nobody's secret: any accepted token will do
PRICES = {"realtimePrice", "priceHistory"}
DECIDED_ONCE = {"creditFacilityProposalAccept", "creditFacilityProposalDecline"}
OPEN_TO_CUSTOMERS = {*PRICES, *PRODUCTS}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ann(bank: Servers) -> dict[str, object]:
    return await make_world(bank, "ann@example.com")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bob(bank: Servers) -> dict[str, object]:
    return await make_world(bank, "bob@example.com")


def all_operations() -> list[Operation]:
    return list(operations(core_schema(schema())))


def own_ids(world: dict[str, object]) -> set[str]:
    shared = {
        "userId",
        "roleId",
        "permissionSetId",
        "policyId",
        "domainConfigId",
        "termsTemplateId",
        "productId",
    }
    return {str(v) for k, v in world.items() if k not in shared and UUID_TEXT.fullmatch(str(v))}


def whole(operation: Operation, world: dict[str, object]) -> tuple[str, dict[str, object]]:
    """The operation with everything its answer can hold."""
    query, variables = document(core_schema(schema()), operation, world)
    selection = everything(core_schema(schema()), field_of(core_schema(schema()), operation).type, 6)
    return query.replace("{ __typename }", selection), variables


@pytest.mark.parametrize("operation", all_operations(), ids=str)
async def test_another_customers_ids_open_nothing(
    bank: Servers, ann: dict[str, object], bob: dict[str, object], operation: Operation
) -> None:
    query, variables = whole(operation, ann)
    if operation.kind == "subscription":
        if operation.name in OPEN_TO_CUSTOMERS:
            return
        watched = await bank.customer(as_uuid(bob)).stream(query, variables)
        assert '"kind":"NOT_FOUND"' in watched, watched
        return
    answer = await bank.customer(as_uuid(bob)).answer(query, variables)
    text = msgspec.json.encode(answer).decode()
    told = set(UUID_TEXT.findall(msgspec.json.encode(answer.get("data")).decode()))
    assert not told & own_ids(ann), f"{operation} shows {told & own_ids(ann)}"
    assert str(ann["email"]) not in text
    if variables and operation.name not in OPEN_TO_CUSTOMERS:
        assert answer.get("errors") or answer["data"] == {operation.name: None}


@pytest.mark.parametrize("operation", all_operations(), ids=str)
async def test_the_customers_own_ids_open_what_is_theirs(
    bank: Servers, ann: dict[str, object], operation: Operation
) -> None:
    """What stays shut to others is not shut by a mistake of this generator."""
    if operation.name in DECIDED_ONCE:
        ann = ann | await make_proposal(bank, UUID(str(ann["depositAccountId"])))
        query, variables = document(core_schema(schema()), operation, ann)
        query = query.replace("__typename", "creditFacilityProposal { creditFacilityProposalId }")
    else:
        query, variables = whole(operation, ann)
    if operation.kind == "subscription":
        async with bank.customer(as_uuid(ann)).listening(query, variables) as watched:
            assert watched.quiet
        return
    answer = await bank.customer(as_uuid(ann)).answer(query, variables)
    assert "errors" not in answer, answer["errors"]
    assert operation.name in OPEN_TO_CUSTOMERS or own_ids(ann) & set(
        UUID_TEXT.findall(msgspec.json.encode(answer["data"]).decode())
    )


@pytest.mark.parametrize("operation", all_operations(), ids=str)
async def test_staff_are_nobody_at_the_customers_server(
    bank: Servers, ann: dict[str, object], operation: Operation
) -> None:
    """Whether what is asked for exists or not: they do not learn it."""
    staff = ApiClient(bank.customers, Subject.parse(f"user:{ann['userId']}"))
    nothing = {key: str(uuid4()) if key.endswith("Id") else value for key, value in ann.items()}
    for world in (ann, nothing):
        query, variables = document(core_schema(schema()), operation, world)
        answer = await staff.answer(query, variables)
        if operation.name in PRICES:
            assert "errors" not in answer, answer
            continue
        assert answer.get("errors"), answer
        assert answer.get("data") in (None, {operation.name: None})


async def test_reads_of_the_own_data_are_kept_with_the_customer_as_subject(
    bank: Servers, ann: dict[str, object]
) -> None:
    await bank.customer(as_uuid(ann)).ask("{ me { customer { depositAccount { deposits { amount } } } } }")
    rows = await bank.app.db.fetch(
        "select action from audit_entries where subject = %b::text and authorized",
        [f"customer:{ann['customerId']}"],
    )
    assert ("deposit:deposit:list",) in rows


def as_uuid(world: dict[str, object]) -> UUID:
    return UUID(str(world["customerId"]))
