"""The terms template: terms under a name that never changes, maybe offered to customers as a product.

Proposals copy the terms and keep no link, so an update changes no loan.
"""

from __future__ import annotations

from typing import ClassVar, Self
from uuid import UUID

import msgspec

from lana.core.terms.errors import InvalidOffer, ProductNotOffered
from lana.core.terms.values import TermValues
from lana.lib.es.entity import ALREADY, Entity, Event, Outcome
from lana.lib.money import UsdCents

MAX_DOCUMENTS = 50
MAX_DOCUMENT_NAME = 200


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer may ask for, and with which papers."""

    offered: bool = False
    min_amount: UsdCents | None = None
    max_amount: UsdCents | None = None
    required_documents: tuple[str, ...] = ()

    def takes(self, amount: UsdCents) -> bool:
        """Is this amount within the bounds?"""
        return (self.min_amount is None or amount >= self.min_amount) and (
            self.max_amount is None or amount <= self.max_amount
        )

    def check(self) -> None:
        """InvalidOffer."""
        low, high = self.min_amount, self.max_amount
        if low is not None and high is not None and low > high:
            raise InvalidOffer(f"minAmount {low} > maxAmount {high}", field="minAmount")
        if high == 0:
            raise InvalidOffer("maxAmount is 0", field="maxAmount")
        papers = self.required_documents
        if len(papers) > MAX_DOCUMENTS or not all(0 < len(each) <= MAX_DOCUMENT_NAME for each in papers):
            raise InvalidOffer(
                f"at most {MAX_DOCUMENTS} documents with names of 1 to {MAX_DOCUMENT_NAME} characters",
                field="requiredDocuments",
            )


class Initialized(Event, frozen=True, tag="initialized"):
    id: UUID
    name: str
    values: TermValues


class TermValuesUpdated(Event, frozen=True, tag="term_values_updated"):
    values: TermValues


class OfferUpdated(Event, frozen=True, tag="offer_updated"):
    offer: Offer


TermsTemplateEvent = Initialized | TermValuesUpdated | OfferUpdated


class TermsTemplate(Entity[TermsTemplateEvent]):
    kind: ClassVar[str] = "terms_template"
    event_types: ClassVar[object] = TermsTemplateEvent

    name: str
    values: TermValues
    offer: Offer = Offer()

    @classmethod
    def begin(cls, event: TermsTemplateEvent) -> Self:
        assert isinstance(event, Initialized)
        return cls(id=event.id, name=event.name, values=event.values)

    def apply(self, event: TermsTemplateEvent) -> None:
        match event:
            case TermValuesUpdated(values=values):
                self.values = values
            case OfferUpdated(offer=offer):
                self.offer = offer
            case Initialized():
                raise ValueError("a terms template begins once")

    def update(self, values: TermValues) -> Outcome:
        return ALREADY if values == self.values else self.emit(TermValuesUpdated(values=values))

    def require_offered(self) -> None:
        if not self.offer.offered:
            raise ProductNotOffered(self.id)

    def update_offer(self, offer: Offer) -> Outcome:
        return ALREADY if offer == self.offer else self.emit(OfferUpdated(offer=offer))
