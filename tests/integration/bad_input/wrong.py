"""What no argument of an operation can be, one place of its variables after the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    get_named_type,
)

from tests.integration.bad_input.asking import told
from tests.integration.security.documents import Operation, World, document, field_of
from tests.support.api import ApiClient

ENDLESS = "x" * 100_000


async def refuses_what_types_cannot_hold(
    client: ApiClient, schema: GraphQLSchema, operation: Operation, world: World
) -> None:
    """Every argument, optional ones too; refused before anything is looked at."""
    query, good = document(schema, operation, world, whole=True)
    for name, value in good.items():
        for wrong in changed(value, field_of(schema, operation).args[name].type, WRONG):
            response = await client.post(encoded({"query": query, "variables": good | {name: wrong}}))
            answer = response.json()
            assert answer.get("errors"), (operation, str(wrong)[:80], answer)
            assert {told(error)[1] for error in answer["errors"]} == {"VALIDATION"}, (str(wrong)[:80], answer)
            assert not any("path" in error for error in answer["errors"]), (str(wrong)[:80], answer)


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
    "UUID": ("", "x", 7, True, "0" * 36, ENDLESS, ["x"], "a\0b"),
    **dict.fromkeys(("UsdCents", "Satoshis"), (-1, 1.0, "1", True, 2**63, ENDLESS, [1], {})),
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


def encoded(body: object) -> bytes:
    """JSON as a careless client writes it, lone surrogates and all."""
    return json.dumps(body).encode()
