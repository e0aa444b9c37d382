"""Connections, edges, sorting and the key directive: names and shapes as clients know them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar, cast, dataclass_transform

import strawberry
from strawberry.schema_directive import Location

from lana.lib.pg.page import Direction, Found, Order

N = TypeVar("N")
E = TypeVar("E")
C = TypeVar("C", bound=type)

strawberry.enum(Direction, name="SortDirection")


@strawberry.schema_directive(locations=[Location.OBJECT], name="entity_key")
class EntityKey:
    field: str


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def entity(key: str, *, name: str | None = None) -> Callable[[C], C]:
    """An object type that says which of its fields is its key (camelCase, as clients see it)."""
    return cast("Callable[[C], C]", strawberry.type(name=name, directives=[EntityKey(field=key)]))


@strawberry.type
class PageInfo:
    """Forward paging only: there never is a previous page, cursors are null when the page is empty."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class Edge(Generic[N]):
    cursor: str
    node: N


@strawberry.type
class Connection(Generic[N]):
    """`Connection[User]` is the type `UserConnection`, its edges are `UserEdge`s."""

    nodes: list[N]
    has_next: strawberry.Private[bool]
    cursors: strawberry.Private[Sequence[str]]

    @strawberry.field
    def edges(self) -> list[Edge[N]]:
        return [Edge(cursor=c, node=n) for c, n in zip(self.cursors, self.nodes, strict=True)]

    @strawberry.field
    def page_info(self) -> PageInfo:
        return PageInfo(
            has_next_page=self.has_next,
            has_previous_page=False,
            start_cursor=self.cursors[0] if self.cursors else None,
            end_cursor=self.cursors[-1] if self.cursors else None,
        )


def connection(found: Found[E], wrap: Callable[[E], N]) -> Connection[N]:
    """A page of entities as a connection of nodes."""
    return Connection(
        nodes=[wrap(item) for item in found.items], has_next=found.has_next, cursors=found.cursors
    )


class Sort(Protocol):
    """`XSort{by: XSortBy!, direction: SortDirection!}`; the values of `XSortBy` are declared columns."""

    by: Any
    direction: Direction


def order_of(sort: Sort | None) -> Order:
    """The order a list is asked in; newest first when the client says nothing or null."""
    return Order(str(sort.by.value), sort.direction) if sort else Order()
