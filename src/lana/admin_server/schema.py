"""The admin API, joined from its domain files."""

from __future__ import annotations

from functools import cache

import strawberry

from lana.admin_server import (
    about,
    access,
    access_changes,
    audit,
    credit_agreement,
    credit_changes,
    credit_collateral,
    credit_config,
    credit_disbursal,
    credit_facility,
    credit_live,
    credit_proposal,
    credit_request,
    credit_stress,
    custody,
    customer,
    customer_changes,
    deposit,
    deposit_changes,
    domain_config,
    end_of_day,
    governance,
    governance_changes,
    ledger,
    price,
    public_id,
    subscriptions,
    terms,
    time,
)
from lana.lib.graphql.schema import build, joined

DOMAINS = (
    about,
    access,
    access_changes,
    audit,
    credit_agreement,
    credit_changes,
    credit_collateral,
    credit_config,
    credit_disbursal,
    credit_facility,
    credit_proposal,
    credit_request,
    credit_stress,
    custody,
    customer,
    customer_changes,
    deposit,
    deposit_changes,
    domain_config,
    end_of_day,
    governance,
    governance_changes,
    ledger,
    price,
    public_id,
    terms,
    time,
)

LIVE = (credit_live, credit_request, subscriptions)


@cache
def schema() -> strawberry.Schema:
    return build(
        joined("Query", [domain.Query for domain in DOMAINS if hasattr(domain, "Query")]),
        joined("Mutation", [domain.Mutation for domain in DOMAINS if hasattr(domain, "Mutation")]),
        joined("Subscription", [domain.Subscription for domain in LIVE]),
    )


def sdl() -> str:
    """The schema as clients read it, with a newline at its end."""
    return schema().as_str() + "\n"
