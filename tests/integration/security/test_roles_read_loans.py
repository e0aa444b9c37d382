"""The roles that work with loans read a loan's whole page, with all it leads to; papers have a permission of their own."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import pytest
import pytest_asyncio

from lana.admin_server.schema import schema
from lana.lib.graphql.schema import core_schema
from tests.integration.security.documents import whole
from tests.integration.security.world import make_world
from tests.support.api import ApiClient, Refused
from tests.support.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

OF_OTHER_SETS: Final = ("custodian", "product")
"""Custodians and terms templates, which neither role may read."""
DEPTH: Final = 3
PAGES: Final = {
    "creditFacility": ("CreditFacility", "creditFacilityId"),
    "pendingCreditFacility": ("PendingCreditFacility", "pendingCreditFacilityId"),
    "disbursal": ("CreditFacilityDisbursal", "disbursalId"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(bank: Servers) -> dict[str, object]:
    return await make_world(bank, "ann@example.com")


async def with_role(bank: Servers, name: str) -> ApiClient:
    known = await bank.superuser.ask("{ roles(first: 100) { nodes { roleId name } } }")
    (role,) = [each for each in known["roles"]["nodes"] if each["name"] == name]
    user = await bank.superuser.do(
        "userCreate", "user { userId }", email=f"{name}@example.com", roleId=role["roleId"]
    )
    await bank.app.grants.refresh()
    return bank.staff(UUID(user["user"]["userId"]))


@pytest.mark.parametrize("role", ["bank-manager", "accountant"])
async def test_whoever_reads_loans_reads_the_whole_page(
    bank: Servers, world: dict[str, object], role: str
) -> None:
    reader = await with_role(bank, role)
    types = core_schema(schema()).type_map
    for query, (of, key) in PAGES.items():
        document = f"query ($id: UUID!) {{ {query}(id: $id) {whole(types[of], DEPTH, OF_OTHER_SETS)} }}"
        assert (await reader.ask(document, id=world[key]))[query] is not None
    assert len((await facility(reader, world))["liquidations"]) == 1


async def facility(reader: ApiClient, world: dict[str, object]) -> dict[str, list[object]]:
    query = "query ($id: UUID!) { creditFacility(id: $id) { liquidations { liquidationId } } }"
    return (await reader.ask(query, id=world["creditFacilityId"]))["creditFacility"]


async def test_a_loan_s_liquidations_are_read_with_the_loan_and_a_list_of_all_is_not(
    bank: Servers, world: dict[str, object]
) -> None:
    reader = await bank.user_with("reader", "credit_viewer")
    assert (await facility(reader, world))["liquidations"] == [{"liquidationId": world["liquidationId"]}]
    with pytest.raises(Refused, match="NotAuthorized"):
        await reader.ask("{ liquidations(first: 1) { nodes { liquidationId } } }")


async def test_an_agreement_needs_no_other_permission_than_its_own(
    bank: Servers, world: dict[str, object]
) -> None:
    notary = await bank.user_with("notary", "contract_creation")
    made = await notary.do(
        "creditFacilityAgreementGenerate",
        "creditFacilityAgreement { status }",
        creditFacilityId=world["creditFacilityId"],
    )
    assert made["creditFacilityAgreement"] == {"status": "PENDING"}
    with pytest.raises(Refused):
        await facility(notary, world)
