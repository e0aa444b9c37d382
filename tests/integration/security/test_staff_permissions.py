"""Every operation of the admin API, tried by those who may not: refused, recorded, and without effect."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from lana.admin_server.schema import schema
from lana.lib.authz import Subject
from lana.lib.graphql.schema import core_schema
from tests.integration.security.documents import Operation, document, operations
from tests.integration.security.world import make_world
from tests.support.api import ApiClient
from tests.support.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

OPEN_TO_STAFF = {"buildInfo", "appConfig", "realtimePrice", "realtimePriceUpdated", "priceHistory"}
EFFECTS = "select (select count(*) from events), (select count(*) from outbox), (select count(*) from cala.transactions)"
REFUSED = "select count(*) from audit_entries where subject = %b::text and not authorized"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(bank: Servers) -> dict[str, object]:
    return await make_world(bank, "ann@example.com")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def nobody(bank: Servers) -> ApiClient:
    return await bank.user_with("nobody")


@pytest_asyncio.fixture(loop_scope="module")
async def no_effect(bank: Servers, world: dict[str, object], nobody: ApiClient) -> AsyncIterator[None]:
    before = await bank.app.db.fetch(EFFECTS)
    yield
    assert await bank.app.db.fetch(EFFECTS) == before


def closed() -> list[Operation]:
    return [one for one in operations(core_schema(schema())) if one.name not in OPEN_TO_STAFF]


async def errors_of(
    client: ApiClient, operation: Operation, world: dict[str, object]
) -> list[dict[str, Any]]:
    query, variables = document(core_schema(schema()), operation, world)
    if operation.kind == "subscription":
        frame = await client.stream(query, variables)
        assert '"kind":"FORBIDDEN"' in frame, frame
        return [{"extensions": {"kind": "FORBIDDEN", "code": "NOT_AUTHORIZED"}}]
    answer = await client.answer(query, variables)
    data = answer.get("data")
    assert data is None or data == {operation.name: None}, f"{operation} answered {data}"
    return answer["errors"]


@pytest.mark.parametrize("operation", closed(), ids=str)
@pytest.mark.usefixtures("no_effect")
async def test_staff_without_the_permission_are_refused(
    bank: Servers, world: dict[str, object], nobody: ApiClient, operation: Operation
) -> None:
    (before,) = (await bank.app.db.fetch(REFUSED, [str(nobody.subject)]))[0]
    errors = await errors_of(nobody, operation, world)
    assert errors[0]["extensions"]["kind"] == "FORBIDDEN", errors
    assert errors[0]["extensions"]["code"] == "NOT_AUTHORIZED"
    (after,) = (await bank.app.db.fetch(REFUSED, [str(nobody.subject)]))[0]
    assert after > before, "a refusal is kept in the audit"


@pytest.mark.parametrize("operation", closed(), ids=str)
@pytest.mark.usefixtures("no_effect")
async def test_a_customer_is_refused_everything_of_staff(
    bank: Servers, world: dict[str, object], operation: Operation
) -> None:
    customer = ApiClient(bank.admin, Subject.parse(f"customer:{world['customerId']}"))
    errors = await errors_of(customer, operation, world)
    assert errors[0]["extensions"]["kind"] == "FORBIDDEN", errors


@pytest.mark.parametrize("operation", closed(), ids=str)
async def test_the_generated_documents_are_good(world: dict[str, object], operation: Operation) -> None:
    """What is refused above is refused for its permission, not for a mistake of this generator."""
    from graphql import parse, validate

    query, _ = document(core_schema(schema()), operation, world)
    assert validate(core_schema(schema()), parse(query)) == []
