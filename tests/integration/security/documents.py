"""Operations written from the schema alone, with the ids of a world that exists: new ones are tried unnamed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from uuid import uuid4

import msgspec
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
)

World = Mapping[str, object]
"""Ids by the name of the key field that holds them (`withdrawalId`), public ids as `withdrawalId.public`."""

PLAIN: dict[str, object] = {
    "String": "text",
    "Int": 1,
    "Boolean": True,
    "Float": 1.5,
    "UsdCents": 1,
    "Satoshis": 1,
    "SignedUsdCents": 1,
    "Decimal": "1",
    "AnnualRatePct": "1",
    "OneTimeFeeRatePct": "1",
    "CVLPctValue": "1",
    "Date": "2026-01-31",
    "Timestamp": "2026-01-31T09:30:00Z",
    "Json": True,
    "AuditSubjectId": "system:bootstrap",
    "ID": "x",
}


class Operation(msgspec.Struct, frozen=True):
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.name}"


def operations(schema: GraphQLSchema) -> Iterator[Operation]:
    for kind, root in (
        ("query", schema.query_type),
        ("mutation", schema.mutation_type),
        ("subscription", schema.subscription_type),
    ):
        for name in root.fields if root else ():
            yield Operation(kind, name)


def field_of(schema: GraphQLSchema, operation: Operation) -> GraphQLField:
    root = {
        "query": schema.query_type,
        "mutation": schema.mutation_type,
        "subscription": schema.subscription_type,
    }[operation.kind]
    assert root is not None
    return root.fields[operation.name]


def document(
    schema: GraphQLSchema, operation: Operation, world: World, *, whole: bool = False
) -> tuple[str, dict[str, object]]:
    """The operation with every required argument, and every id argument, from the world; `whole`: with every
    argument there is, also where only one of them may be given."""
    field = field_of(schema, operation)
    declared, passed, variables = [], [], {}
    for name, argument in field.args.items():
        if _is_optional(argument) and name not in world and not whole:
            continue
        declared.append(f"${name}: {argument.type}")
        passed.append(f"{name}: ${name}")
        variables[name] = _value(argument.type, name, (_key_of(field), whole), world)
    heads = (f" ({', '.join(declared)})" if declared else "", f"({', '.join(passed)})" if passed else "")
    selection = "" if is_leaf_type(get_named_type(field.type)) else " { __typename }"
    return f"{operation.kind}{heads[0]} {{ {operation.name}{heads[1]}{selection} }}", variables


def _is_optional(argument: GraphQLArgument | GraphQLInputField) -> bool:
    return not isinstance(argument.type, GraphQLNonNull)


def _key_of(field: GraphQLField) -> str:
    """`Withdrawal` → `withdrawalId`: what an argument called `id` means here."""
    name = get_named_type(field.type).name
    return f"{name[0].lower()}{name[1:]}Id"


def _value(kind: Any, name: str, how: tuple[str, bool], world: World) -> object:
    key, whole = how
    match kind:
        case GraphQLNonNull():
            value = _value(kind.of_type, name, how, world)
        case GraphQLList():
            value = [_value(kind.of_type, name.removesuffix("s"), how, world)]
        case GraphQLInputObjectType():
            given = {n: f for n, f in kind.fields.items() if whole or not _is_optional(f) or n in world}
            value = {n: _value(f.type, n, how, world) for n, f in given.items()}
        case GraphQLEnumType():
            value = next(iter(kind.values))
        case _ if kind.name == "PublicId":
            value = world.get(f"{key}.public", next(v for k, v in world.items() if k.endswith(".public")))
        case _ if kind.name == "UUID":
            value = _id(name, key, world)
        case _:
            value = world.get(name, PLAIN.get(kind.name, "text"))
    return value


def _id(name: str, key: str, world: World) -> object:
    """`id` by what is answered, `memberUserId` by its ending; a fresh one where the world has none."""
    wanted = key if name == "id" else name
    ending = next((k for k in world if wanted.lower().endswith(k.lower())), None)
    return world[ending] if ending else str(uuid4())


def everything(schema: GraphQLSchema, kind: Any, depth: int, renamed: frozenset[str] = frozenset()) -> str:
    """A selection of every field that needs no argument but `first`, `depth` levels deep."""
    named = get_named_type(kind)
    match named:
        case GraphQLUnionType():
            differing = _differing(named)
            parts = [f"... on {one.name} {everything(schema, one, depth, differing)}" for one in named.types]
            return f"{{ __typename {' '.join(parts)} }}" if depth else "{ __typename }"
        case GraphQLObjectType():
            chosen = ["__typename", *_fields(schema, named, depth, renamed)]
            return f"{{ {' '.join(chosen)} }}"
        case _:
            return ""


def _differing(union: GraphQLUnionType) -> frozenset[str]:
    """Names that members answer with different types: one document may ask for each under an alias only."""
    types: dict[str, set[str]] = {}
    for one in union.types:
        for name, field in one.fields.items():
            types.setdefault(name, set()).add(str(field.type))
    return frozenset(name for name, kinds in types.items() if len(kinds) > 1)


def _fields(
    schema: GraphQLSchema, kind: GraphQLObjectType, depth: int, renamed: frozenset[str]
) -> Iterator[str]:
    for name, field in kind.fields.items():
        if set(field.args) - {"first", "after"}:
            continue
        asked = f"{name}_{kind.name}: {name}" if name in renamed else name
        if is_leaf_type(get_named_type(field.type)):
            yield asked
        elif depth:
            first = "(first: 5)" if "first" in field.args else ""
            yield f"{asked}{first} {everything(schema, field.type, depth - 1)}"


def whole(kind: GraphQLNamedType, depth: int, without: Collection[str] = ()) -> str:
    """Every field of a type that can be asked for, and of what it leads to, so deep; lists by one. Of a union only
    which one it is, for which it is read as well."""
    if not isinstance(kind, GraphQLObjectType):
        return "{ __typename }"
    found: list[str] = []
    for name, field in kind.fields.items():
        of = get_named_type(field.type)
        first = "(first: 1)" if "first" in field.args else ""
        if is_leaf_type(of):
            found.append(name)
        elif depth and name not in without:
            found.append(f"{name}{first} {whole(of, depth - 1, without)}")
    return f"{{ __typename {' '.join(found)} }}"
