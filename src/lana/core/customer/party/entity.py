"""A party: contact data, of which the events hold salted digests only."""

from __future__ import annotations

from uuid import UUID

from lana.core.customer.primitives import CustomerType
from lana.lib.es.entity import ALREADY, Entity, Event, Outcome


class Initialized(Event, tag="initialized", frozen=True):
    id: UUID
    email_digest: str
    telegram_handle_digest: str
    customer_type: CustomerType


class EmailUpdated(Event, tag="email_updated", frozen=True):
    email_digest: str


class TelegramHandleUpdated(Event, tag="telegram_handle_updated", frozen=True):
    telegram_handle_digest: str


class PersonalInfoUpdated(Event, tag="personal_info_updated", frozen=True):
    personal_info_digest: str


PartyEvent = Initialized | EmailUpdated | TelegramHandleUpdated | PersonalInfoUpdated


class Party(Entity[PartyEvent]):
    """Digests are taken with the person's own salt, so equal digests mean equal values."""

    kind = "party"
    event_types = PartyEvent

    customer_type: CustomerType
    email_digest: str
    telegram_handle_digest: str
    personal_info_digest: str | None = None

    def update_email(self, digest: str) -> Outcome:
        if digest == self.email_digest:
            return ALREADY
        return self.emit(EmailUpdated(email_digest=digest))

    def update_telegram_handle(self, digest: str) -> Outcome:
        if digest == self.telegram_handle_digest:
            return ALREADY
        return self.emit(TelegramHandleUpdated(telegram_handle_digest=digest))

    def update_personal_info(self, digest: str) -> Outcome:
        if digest == self.personal_info_digest:
            return ALREADY
        return self.emit(PersonalInfoUpdated(personal_info_digest=digest))

    @classmethod
    def begin(cls, event: PartyEvent) -> Party:
        assert isinstance(event, Initialized)
        return cls(
            id=event.id,
            customer_type=event.customer_type,
            email_digest=event.email_digest,
            telegram_handle_digest=event.telegram_handle_digest,
        )

    def apply(self, event: PartyEvent) -> None:
        match event:
            case Initialized():
                raise ValueError("a party is initialized once")
            case EmailUpdated():
                self.email_digest = event.email_digest
            case TelegramHandleUpdated():
                self.telegram_handle_digest = event.telegram_handle_digest
            case PersonalInfoUpdated():
                self.personal_info_digest = event.personal_info_digest
