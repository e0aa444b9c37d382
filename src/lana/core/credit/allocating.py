"""How a payment is spread over what is owed. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from lana.core.credit.obligation.entity import Obligation
from lana.lib.money import UsdCents


def in_order(obligations: Iterable[Obligation]) -> list[Obligation]:
    """Interest before principal whatever its status, then by effective date, then as they were made."""
    unpaid = [each for each in obligations if not each.is_paid]
    return sorted(unpaid, key=lambda each: (each.is_principal, each.effective, each.created_at, each.id))


def shares(amount: UsdCents, obligations: Iterable[Obligation]) -> list[tuple[Obligation, UsdCents]]:
    """Each gets what it still needs, in order, until nothing is left; together at most `amount`."""
    left = int(amount)
    found: list[tuple[Obligation, UsdCents]] = []
    for obligation in in_order(obligations):
        share = min(left, obligation.outstanding)
        if share == 0:
            break
        found.append((obligation, UsdCents(share)))
        left -= share
    return found


def unpaid(obligations: Iterable[Obligation]) -> UsdCents:
    return UsdCents(sum(each.outstanding for each in obligations))
