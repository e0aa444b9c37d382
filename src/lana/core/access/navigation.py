"""Which items of the panel's navigation its user may see. Every check is audited and stops at the first
refusal.
"""

from __future__ import annotations

from typing import Final

import msgspec

from lana.lib.authz import Action, Authorizer, Resource, Scope
from lana.lib.errors import NotAuthorized


def _all(thing: str, verbs: str) -> tuple[Action, ...]:
    resource = Resource(*thing.split("/"))
    return tuple(resource.action(verb) for verb in verbs.split())


_ITEMS: Final[dict[str, tuple[Action, ...]]] = {
    "term": _all("terms/terms-template", "read list"),
    "user": _all("access/user", "read list"),
    "customer": _all("customer/customer", "read list"),
    "deposit": _all("deposit/deposit", "read list create"),
    "withdraw": _all(
        "deposit/withdrawal",
        "read list initiate confirm cancel conclude-approval-process",
    ),
    "audit": _all("audit/audit", "list"),
    "financials": _all("accounting/journal", "read-entries"),
    "credit_facilities": _all("credit/credit-facility", "read list"),
    "committee": _all("governance/committee", "read list"),
    "policy": _all("governance/policy", "read list"),
    "approval_process": _all("governance/approval-process", "read list"),
}


class Navigation(msgspec.Struct, frozen=True):
    term: bool
    user: bool
    customer: bool
    deposit: bool
    withdraw: bool
    audit: bool
    financials: bool
    credit_facilities: bool
    committee: bool
    policy: bool
    approval_process: bool


def visible_navigation(authz: Authorizer, ctx: Scope) -> Navigation:
    return Navigation(**{item: _may(authz, ctx, actions) for item, actions in _ITEMS.items()})


def _may(authz: Authorizer, ctx: Scope, actions: tuple[Action, ...]) -> bool:
    try:
        for action in actions:
            authz.enforce(ctx, action)
    except NotAuthorized:
        return False
    return True


class MayCreate(msgspec.Struct, frozen=True):
    user: bool
    prospect: bool
    terms_template: bool
    custodian: bool


def may_create(authz: Authorizer, ctx: Scope) -> MayCreate:
    """Evaluated silently: nothing is audited."""

    def can(thing: str) -> bool:
        return all(authz.evaluate(ctx.subject, action) for action in _all(thing, "create"))

    return MayCreate(
        user=can("access/user"),
        prospect=can("customer/prospect"),
        terms_template=can("terms/terms-template"),
        custodian=can("custody/custodian"),
    )
