"""The customer API, joined from its domain files."""

from __future__ import annotations

from functools import cache

import strawberry

from lana.customer_server import credit, credit_proposal, credit_request, customer, deposit, price
from lana.lib.graphql.schema import build, joined

DOMAINS = (credit, credit_proposal, credit_request, customer, deposit, price)


@cache
def schema() -> strawberry.Schema:
    return build(
        joined("Query", [domain.Query for domain in DOMAINS if hasattr(domain, "Query")]),
        joined("Mutation", [domain.Mutation for domain in DOMAINS if hasattr(domain, "Mutation")]),
        joined(
            "Subscription", [domain.Subscription for domain in DOMAINS if hasattr(domain, "Subscription")]
        ),
    )


def sdl() -> str:
    """The schema as clients read it, with a newline at its end."""
    return schema().as_str() + "\n"
