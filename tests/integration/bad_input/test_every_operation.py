"""Every operation, written from the schema, with what cannot be: refused with a code, without effect."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLList, GraphQLNonNull, get_named_type

from lana.admin_server.schema import schema
from lana.lib.graphql.schema import core_schema
from tests.integration.bad_input.asking import told
from tests.integration.security.documents import Operation, document, field_of, operations
from tests.integration.security.world import make_world
from tests.support.api import ApiClient
from tests.support.proof import no_effect, settle
from tests.support.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEMA = core_schema(schema())
MUTATIONS = [one for one in operations(SCHEMA) if one.kind == "mutation"]
QUERIES = [one for one in operations(SCHEMA) if one.kind == "query"]
ENDLESS = "x" * 100_000


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


def changed(value: Any, kind: Any, wrong: dict[str, object]) -> Iterator[Any]:
    """The value with one leaf at a time replaced by what its scalar cannot be."""
    match kind:
        case GraphQLNonNull():
            yield None
            yield from changed(value, kind.of_type, wrong)
        case GraphQLList():
            yield from ([one] for one in changed(value[0], kind.of_type, wrong))
            if get_named_type(kind).name != "String":  # a text alone is a list of one
                yield "no list"
        case GraphQLInputObjectType():
            for name, inner in value.items():
                yield from (value | {name: one} for one in changed(inner, kind.fields[name].type, wrong))
            yield value | {"unheardOf": 1}
            yield "no object"
        case GraphQLEnumType():
            yield from ("UNHEARD_OF", 7)
        case _ if kind.name in wrong:
            yield from wrong[kind.name]  # pyright: ignore[reportGeneralTypeIssues]
        case _:
            pass


WRONG: dict[str, Any] = {
    "UUID": ("", "x", 7, None, True, "0" * 36, ENDLESS, ["x"], "a\0b"),
    "UsdCents": (-1, 1.0, "1", True, 2**63, ENDLESS, [1], {}),
    "Int": (1.5, "1", True, 2**31, ENDLESS, {}),
    "String": (7, True, {}, "a\0b", "\ud800"),
    "Boolean": (1, "true", ENDLESS),
    "PublicId": (7, ENDLESS, "a\0b"),
    **dict.fromkeys(
        ("Decimal", "AnnualRatePct", "OneTimeFeeRatePct", "CVLPctValue"),
        ("x", "NaN", "1e999999", ENDLESS, True),
    ),
    "Date": ("2026-02-30", "x", 1, ENDLESS),
    "Timestamp": ("x", 1, "2026-13-01T00:00:00Z", ENDLESS),
    "AuditSubjectId": (7, ENDLESS, "a\0b"),
}


@pytest.mark.parametrize("operation", [*MUTATIONS, *QUERIES], ids=str)
@pytest.mark.usefixtures("reading_only")
async def test_values_that_their_types_cannot_hold_are_refused(
    staff: ApiClient, world: dict[str, object], operation: Operation
) -> None:
    query, good = document(SCHEMA, operation, world)
    for name, value in good.items():
        for wrong in changed(value, field_of(SCHEMA, operation).args[name].type, WRONG):
            response = await staff.post(encoded({"query": query, "variables": good | {name: wrong}}))
            answer = response.json()
            assert answer.get("errors"), (operation, str(wrong)[:80], answer)
            assert {told(error)[1] for error in answer["errors"]} == {"VALIDATION"}, (str(wrong)[:80], answer)


def encoded(body: object) -> bytes:
    """JSON as a careless client writes it, lone surrogates and all."""
    return json.dumps(body).encode()


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
