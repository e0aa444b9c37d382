"""Pages that cannot be: every list of the schema, tried with sizes and cursors that are not its own."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from graphql import GraphQLField, GraphQLObjectType, get_named_type

from lana.admin_server.schema import schema
from lana.lib.graphql.schema import core_schema
from tests.integration.bad_input.asking import refused, told
from tests.integration.security.documents import Operation, document, operations
from tests.integration.security.world import make_world
from tests.support.api import ApiClient
from tests.support.proof import no_effect
from tests.support.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEMA = core_schema(schema())
PAGE = (
    "{ nodes { __typename } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }"
)


class ListPlace:
    """A list somewhere in the schema: how it is reached, and with which ids."""

    def __init__(self, name: str, head: str, before: str, after: str, variables: dict[str, object]) -> None:
        self.name = name
        self._head = head
        self._before = before
        self._after = after
        self._variables = variables

    def __str__(self) -> str:
        return self.name

    def ask(self, first: object, after: object = None) -> tuple[str, dict[str, object]]:
        arguments = f"{self._before}(first: $first, after: $after{self._after}"
        query = f"query ({self._head}$first: Int!, $after: String) {{ {arguments} }}"
        return query, self._variables | {"first": first, "after": after}

    def page(self, data: dict[str, Any]) -> dict[str, Any]:
        for step in self.name.split("."):
            data = data[step]
        return data


def is_list(field: GraphQLField) -> bool:
    return {"first", "after"} <= set(field.args)


def places(world: dict[str, object]) -> Iterator[ListPlace]:
    """Lists of the root, and lists of every entity that the root answers by its id."""
    for operation in operations(SCHEMA):
        if operation.kind != "query":
            continue
        assert SCHEMA.query_type
        field = SCHEMA.query_type.fields[operation.name]
        if is_list(field):
            extra = ', templateCode: "RECORD_DEPOSIT"' if "templateCode" in field.args else ""
            yield ListPlace(operation.name, "", operation.name, f"{extra}) {PAGE}", {})
        elif set(field.args) == {"id"} and not operation.name.endswith("PublicId"):
            yield from _inside(operation, field, world)


def _inside(operation: Operation, field: GraphQLField, world: dict[str, object]) -> Iterator[ListPlace]:
    kind = get_named_type(field.type)
    if not isinstance(kind, GraphQLObjectType):
        return
    _, variables = document(SCHEMA, operation, world)
    for name, inner in kind.fields.items():
        if is_list(inner):
            before = f"{operation.name}(id: $id) {{ {name}"
            yield ListPlace(
                f"{operation.name}.{name}",
                f"$id: {field.args['id'].type}, ",
                before,
                f") {PAGE} }}",
                variables,
            )


NAMES = [str(place) for place in places({"x.public": "1"})]
FOREIGN = (
    "",
    "x",
    "=",
    "!" * 40,
    "A" * 10_000,
    base64.b64encode(b"7").decode(),
    base64.b64encode(b"[]").decode(),
    base64.b64encode(b'{"page": 1}').decode(),
    base64.b64encode(b"\xff\xfe").decode(),
    "schlüssel",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(bank: Servers) -> dict[str, object]:
    return await make_world(bank, "ann@example.com")


@pytest.fixture(params=NAMES)
def place(request: pytest.FixtureRequest, world: dict[str, object]) -> ListPlace:
    return next(one for one in places(world) if str(one) == request.param)


@pytest_asyncio.fixture(loop_scope="module")
async def reading_only(bank: Servers, world: dict[str, object]) -> AsyncIterator[None]:
    assert world
    async with no_effect(bank.app.db):
        yield


async def test_there_are_lists_of_the_root_and_of_entities() -> None:
    assert {"deposits", "audit", "ledgerEntries", "depositAccount.history", "user.eventHistory"} <= set(NAMES)
    assert len(NAMES) > 25


@pytest.mark.usefixtures("reading_only")
async def test_sizes_that_cannot_be_are_refused_and_too_large_ones_cut(
    staff: ApiClient, place: ListPlace
) -> None:
    for negative in (-1, -(2**31)):
        if place.name.endswith(".eventHistory"):  # there a negative size is an empty page
            assert place.page(await ask(staff, place, negative))["nodes"] == []
        else:
            assert (await refused(staff, *place.ask(negative)))[1] == "VALIDATION"
    for no_size in (2**31, 2**63, 1.5, "ten", None, True):
        assert (await refused(staff, *place.ask(no_size)))[1] == "VALIDATION", no_size
    empty = place.page(await ask(staff, place, 0))
    assert (empty["nodes"], empty["edges"]) == ([], [])
    large = place.page(await ask(staff, place, 10_000))
    assert len(large["nodes"]) == len(large["edges"]) <= 100


@pytest.mark.usefixtures("reading_only")
async def test_cursors_of_no_list_are_refused(staff: ApiClient, place: ListPlace) -> None:
    for cursor in FOREIGN:
        code, kind = await refused(staff, *place.ask(5, cursor))
        assert kind == "VALIDATION", (cursor[:40], code)


@pytest.mark.usefixtures("reading_only")
async def test_a_forged_cursor_is_refused_or_merely_a_position(staff: ApiClient, place: ListPlace) -> None:
    for edge in place.page(await ask(staff, place, 1))["edges"]:
        for cursor in forgeries(edge["cursor"]):
            await refused_or_rows(staff, place, cursor)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cursors(bank: Servers, world: dict[str, object]) -> list[str]:
    """One of each list that has any."""
    pages = [place.page(await ask(bank.superuser, place, 1)) for place in places(world)]
    return sorted({edge["cursor"] for page in pages for edge in page["edges"]})


@pytest.mark.usefixtures("reading_only")
async def test_a_cursor_of_another_list_is_refused_or_merely_a_position(
    staff: ApiClient, place: ListPlace, cursors: list[str]
) -> None:
    assert len(cursors) > 12
    for cursor in cursors:
        await refused_or_rows(staff, place, cursor)


async def refused_or_rows(staff: ApiClient, place: ListPlace, cursor: str) -> None:
    answer = await staff.answer(*place.ask(5, cursor))
    for error in answer.get("errors", ()):
        assert told(error)[1] == "VALIDATION", (cursor, error)


async def ask(staff: ApiClient, place: ListPlace, first: int) -> dict[str, Any]:
    query, variables = place.ask(first)
    return await staff.ask(query, **variables)


def forgeries(cursor: str) -> Iterator[str]:
    """The cursor with each of its values replaced by what no list would put there."""
    position = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4)))
    for name in position:
        for wrong in (
            "x",
            "",
            "\0",
            "\ud800",
            -1,
            2**70,
            1.5,
            None,
            True,
            [1],
            {"a": 1},
            "9999-99-99",
            "NaN",
        ):
            changed = json.dumps(position | {name: wrong}).encode()
            yield base64.b64encode(changed).decode().rstrip("=")
