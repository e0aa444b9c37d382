"""The page's GraphQL file, asked as a client asks."""

from __future__ import annotations

from types import SimpleNamespace
from uuid import uuid4

from lana.core.safekeeping import Safekeeping  # pyright: ignore

from lana.admin_server import safekeeping as api  # pyright: ignore
from lana.lib.authz import Authorizer, Ctx
from lana.lib.es.commands import Commands
from lana.lib.graphql import Request
from lana.lib.graphql.schema import build
from lana.lib.pg.database import Database

RENT = "mutation ($input: SafeBoxRentInput!) { safeBoxRent(input: $input) { safeBox { number } } }"
LIST = "{ safeBoxes(first: 5) { nodes { number lastOpenedAt } pageInfo { hasNextPage } } }"


async def test_a_client_rents_a_box_and_finds_it(db: Database, commands: Commands) -> None:
    app = SimpleNamespace(safekeeping=Safekeeping(db, Authorizer()), commands=commands)
    schema = build(api.Query, api.Mutation)
    request = Request(app, Ctx.system("test"))
    rented = await schema.execute(
        RENT,
        variable_values={"input": {"number": "B-2", "customerId": str(uuid4())}},
        context_value=request,
    )
    assert rented.errors is None
    listed = await schema.execute(LIST, context_value=request)
    assert listed.data == {
        "safeBoxes": {
            "nodes": [{"number": "B-2", "lastOpenedAt": None}],
            "pageInfo": {"hasNextPage": False},
        }
    }
