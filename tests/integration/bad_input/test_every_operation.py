"""Every operation, written from the schema, with what cannot be: refused with a code, without effect."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from graphql import GraphQLInputObjectType, get_named_type

from lana.admin_server.schema import schema
from lana.lib.graphql.schema import core_schema
from tests.integration.bad_input.asking import told
from tests.integration.bad_input.wrong import refuses_what_types_cannot_hold
from tests.integration.security.documents import Operation, document, field_of, operations
from tests.integration.security.world import make_world
from tests.support.api import ApiClient
from tests.support.proof import no_effect, settle
from tests.support.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEMA = core_schema(schema())
MUTATIONS = [one for one in operations(SCHEMA) if one.kind == "mutation"]
QUERIES = [one for one in operations(SCHEMA) if one.kind == "query"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(bank: Servers) -> dict[str, object]:
    made = await make_world(bank, "ann@example.com")
    await settle(bank.app)
    return made


@pytest_asyncio.fixture(loop_scope="module")
async def reading_only(bank: Servers, world: dict[str, object]) -> AsyncIterator[None]:
    assert world
    async with no_effect(bank.app.db):
        yield


def named(world: dict[str, object], value: object) -> dict[str, object]:
    """The world with every id another."""
    return {
        key: "424242" if key.endswith(".public") else value for key in world if key.endswith(("Id", "public"))
    }


def takes_an_id(operation: Operation) -> bool:
    return '"UUID"' in repr(list(_scalars(field_of(SCHEMA, operation)))).replace("'", '"')


def _scalars(field: Any) -> Iterator[str]:
    for argument in field.args.values():
        yield from _inside(argument.type)


def _inside(kind: Any) -> Iterator[str]:
    named_type = get_named_type(kind)
    if isinstance(named_type, GraphQLInputObjectType):
        for inner in named_type.fields.values():
            yield from _inside(inner.type)
    else:
        yield named_type.name


@pytest.mark.parametrize("operation", [*MUTATIONS, *QUERIES], ids=str)
@pytest.mark.usefixtures("reading_only")
async def test_values_that_their_types_cannot_hold_are_refused(
    staff: ApiClient, world: dict[str, object], operation: Operation
) -> None:
    await refuses_what_types_cannot_hold(staff, SCHEMA, operation, world)


# members are not checked against users: who is none is left out where members are shown
UNCHECKED = {"committeeCreate"}
BY_ID = [one for one in MUTATIONS if takes_an_id(one) and one.name not in UNCHECKED]


@pytest.mark.parametrize("operation", BY_ID, ids=str)
@pytest.mark.usefixtures("reading_only")
async def test_ids_of_nothing_are_refused_by_every_mutation(
    staff: ApiClient, world: dict[str, object], operation: Operation
) -> None:
    for nothing in (str(uuid4()), str(UUID(int=0)), str(UUID(int=2**128 - 1))):
        query, variables = document(SCHEMA, operation, named(world, nothing) | {"email": "eve@example.com"})
        answer = await staff.answer(query, variables)
        assert answer.get("errors"), answer
        kinds = {told(error)[1] for error in answer["errors"]}
        assert kinds <= {"NOT_FOUND", "CONFLICT", "VALIDATION"}, answer


@pytest.mark.parametrize("operation", BY_ID, ids=str)
@pytest.mark.usefixtures("reading_only")
async def test_ids_of_other_kinds_are_refused_by_every_mutation(
    staff: ApiClient, world: dict[str, object], operation: Operation
) -> None:
    """Ids that no two kinds share: a policy's where an account's belongs, a role's where a policy's does."""
    others = {str(world[key]) for key in ("policyId", "roleId", "domainConfigId", "permissionSetId")}
    for other in sorted(others):
        query, variables = document(SCHEMA, operation, named(world, other) | {"email": "eve@example.com"})
        if any(other == str(world.get(key)) for key in _keys_of(operation)):
            continue
        answer = await staff.answer(query, variables)
        assert answer.get("errors"), (variables, answer)
        for error in answer["errors"]:
            told(error)


def _keys_of(operation: Operation) -> Iterator[str]:
    """The id fields an operation takes, in the singular."""
    for argument in field_of(SCHEMA, operation).args.values():
        kind = get_named_type(argument.type)
        if isinstance(kind, GraphQLInputObjectType):
            yield from (name.removesuffix("s") for name in kind.fields)


@pytest.mark.parametrize("operation", QUERIES, ids=str)
@pytest.mark.usefixtures("reading_only")
async def test_queries_for_ids_of_nothing_answer_null_or_refuse(
    staff: ApiClient, world: dict[str, object], operation: Operation
) -> None:
    query, variables = document(SCHEMA, operation, named(world, str(uuid4())))
    answer = await staff.answer(query, variables)
    for error in answer.get("errors", ()):
        told(error)
