"""Every operation of the customer's server with what cannot be: refused with a code, without effect."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from lana.customer_server.schema import schema
from lana.lib.graphql.schema import core_schema
from tests.integration.bad_input.asking import told
from tests.integration.bad_input.wrong import refuses_what_types_cannot_hold
from tests.integration.security.documents import Operation, document, operations
from tests.integration.security.world import make_world
from tests.support.api import ApiClient
from tests.support.proof import no_effect, settle
from tests.support.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEMA = core_schema(schema())
ASKED = [one for one in operations(SCHEMA) if one.kind != "subscription"]
MUTATIONS = [one for one in ASKED if one.kind == "mutation"]
IN_LIMITS = {"from": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(bank: Servers) -> dict[str, object]:
    made = await make_world(bank, "ann@example.com")
    await settle(bank.app)
    return made | IN_LIMITS


@pytest.fixture
def customer(bank: Servers, world: dict[str, object]) -> ApiClient:
    return bank.customer(UUID(str(world["customerId"])))


@pytest_asyncio.fixture(loop_scope="module")
async def reading_only(bank: Servers, world: dict[str, object]) -> AsyncIterator[None]:
    assert world
    async with no_effect(bank.app.db):
        yield


@pytest.mark.parametrize("operation", ASKED, ids=str)
@pytest.mark.usefixtures("reading_only")
async def test_values_that_their_types_cannot_hold_are_refused(
    customer: ApiClient, world: dict[str, object], operation: Operation
) -> None:
    await refuses_what_types_cannot_hold(customer, SCHEMA, operation, world)


@pytest.mark.parametrize("operation", ASKED, ids=str)
@pytest.mark.usefixtures("reading_only")
async def test_ids_of_nothing_answer_null_or_refuse(
    customer: ApiClient, world: dict[str, object], operation: Operation
) -> None:
    for nothing in (str(uuid4()), str(UUID(int=0)), str(UUID(int=2**128 - 1)), world["policyId"]):
        unknown = {key: nothing if key.endswith("Id") else value for key, value in world.items()}
        query, variables = document(SCHEMA, operation, unknown)
        answer = await customer.answer(query, variables)
        for error in answer.get("errors", ()):
            assert told(error)[1] == "NOT_FOUND", answer
        if operation in MUTATIONS:
            assert answer.get("errors"), answer
        elif "id" in variables:
            assert answer["data"] == {operation.name: None}, answer
