"""From a server's `Query`, `Mutation` and `Subscription` to a schema the endpoint executes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import strawberry
from graphql import GraphQLField, GraphQLResolveInfo, GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from lana.lib.graphql.scalars import SCALARS


def build(
    query: type,
    mutation: type | None = None,
    subscription: type | None = None,
    types: Sequence[type] = (),
) -> strawberry.Schema:
    """A schema with our scalars, whose mutations tell the request which response name is running."""
    schema = strawberry.Schema(
        query=query,
        mutation=mutation,
        subscription=subscription,
        types=types,
        config=StrawberryConfig(scalar_map=SCALARS),
    )
    core = core_schema(schema)
    if core.mutation_type:
        for field in core.mutation_type.fields.values():
            _name_the_command(field)
    return schema


def core_schema(schema: strawberry.Schema) -> GraphQLSchema:
    return schema._schema  # pyright: ignore[reportPrivateUsage]


def _name_the_command(field: GraphQLField) -> None:
    resolve = cast("Callable[..., object]", field.resolve)

    # root fields of a mutation run one after another, so the request can hold the name of the one running
    def named(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> object:
        info.context.field = str(info.path.key)
        return resolve(source, info, **arguments)

    field.resolve = named


def joined(name: str, parts: Sequence[type]) -> type:
    """One root type from the domains' mixins. Two domains offering the same field is a mistake."""
    seen: dict[str, type] = {}
    for part in parts:
        for field in cast("Any", part).__strawberry_definition__.fields:
            if field.python_name in seen:
                raise TypeError(f"{name}.{field.python_name}: in {seen[field.python_name]} and {part}")
            seen[field.python_name] = part
    return strawberry.type(type(name, tuple(parts), {}))
