"""What a customer fills in: complete when it is submitted, as far as it got while it is a draft."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from lana.core.credit.request.errors import (
    AmountIsZero,
    AmountOutOfBounds,
    InvalidConsents,
    InvalidRequestText,
)
from lana.core.terms import Offer
from lana.lib.money import UsdCents, require_cents

MAX_PURPOSE = 200
MAX_NOTE = 2_000
MAX_REASON = 2_000
MAX_CONSENTS = 20
MAX_CONSENT_TEXT = 100


class ConsentText(msgspec.Struct, frozen=True, kw_only=True):
    """A text agreed to, in the version that was shown."""

    kind: str
    text_version: str


class Consent(ConsentText, frozen=True, kw_only=True):
    given_at: datetime


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    amount: UsdCents | None = None
    purpose: str | None = None
    note: str | None = None
    consents: tuple[ConsentText, ...] = ()

    def check(self) -> None:
        """InvalidRequestText, InvalidConsents."""
        check_text("purpose", self.purpose, MAX_PURPOSE)
        check_text("note", self.note, MAX_NOTE)
        check_consents(self.consents)


class Application(msgspec.Struct, frozen=True, kw_only=True):
    amount: UsdCents
    purpose: str
    note: str | None = None
    consents: tuple[ConsentText, ...] = ()

    def check(self, offer: Offer) -> None:
        """AmountIsZero, AmountTooLarge, AmountOutOfBounds, InvalidRequestText, InvalidConsents."""
        if self.amount <= 0:
            raise AmountIsZero(field="amount")
        require_cents(self.amount)
        if not offer.takes(self.amount):
            raise AmountOutOfBounds(
                f"{self.amount} not from {offer.min_amount} to {offer.max_amount}", field="amount"
            )
        require_text("purpose", self.purpose, MAX_PURPOSE)
        check_text("note", self.note, MAX_NOTE)
        check_consents(self.consents)

    def consents_given(self, at: datetime) -> tuple[Consent, ...]:
        return tuple(
            Consent(kind=each.kind, text_version=each.text_version, given_at=at) for each in self.consents
        )


def require_text(field: str, text: str, longest: int) -> None:
    if not text.strip():
        raise InvalidRequestText(f"{field} is empty", field=field)
    check_text(field, text, longest)


def check_text(field: str, text: str | None, longest: int) -> None:
    if text is not None and len(text) > longest:
        raise InvalidRequestText(f"{field} has more than {longest} characters", field=field)


def check_consents(consents: Sequence[ConsentText]) -> None:
    if len(consents) > MAX_CONSENTS:
        raise InvalidConsents(f"more than {MAX_CONSENTS}", field="consents")
    if len({each.kind for each in consents}) < len(consents):
        raise InvalidConsents("one kind twice", field="consents")
    texts = [text for each in consents for text in (each.kind, each.text_version)]
    if not all(0 < len(text) <= MAX_CONSENT_TEXT for text in texts):
        raise InvalidConsents(
            f"kind and text version have 1 to {MAX_CONSENT_TEXT} characters", field="consents"
        )
