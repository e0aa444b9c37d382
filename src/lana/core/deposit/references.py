"""References: the caller's own names for movements of money, unique among deposits and among withdrawals."""

from __future__ import annotations

from typing import Final, TypeVar
from uuid import UUID

from lana.core.deposit.deposit.entity import Deposit
from lana.core.deposit.errors import AmountNegative, ReferenceTooLong
from lana.core.deposit.withdrawal.entity import Withdrawal
from lana.lib.errors import ConstraintViolation
from lana.lib.es.op import Op
from lana.lib.es.repo import Repo
from lana.lib.money import UsdCents, require_cents

LONGEST: Final = 255

T = TypeVar("T", Deposit, Withdrawal)


async def claim_reference(op: Op, repo: Repo[T], reference: str | None) -> None:
    """Refuse a reference that another one of the kind has, be it given or, where none was given, its id."""
    if not reference:
        return
    if len(reference) > LONGEST:
        raise ReferenceTooLong(LONGEST)
    taken = ConstraintViolation("Reference", reference, prefix=f"{repo.label}CreateError")
    named = _id_or_none(reference)
    other = await repo.peek(named) if named else None
    if other and other.reference == reference:
        raise taken
    op.claim(f"{repo.entity.kind}.reference", reference, taken)


def checked_amount(amount: int) -> UsdCents:
    """US cents, zero still among them: what zero means is the entity's to say. AmountNegative,
    AmountTooLarge.
    """
    if amount < 0:
        raise AmountNegative
    cents = UsdCents(amount)
    require_cents(cents)
    return cents


def _id_or_none(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
