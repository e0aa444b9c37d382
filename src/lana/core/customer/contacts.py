"""Contact data of parties: kept apart from events, unique across the bank, erasable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec

from lana.core.customer.party.errors import ContactTooLong
from lana.core.customer.primitives import PartyAction, PersonalInfo
from lana.core.personal_data import Person, PersonalData, new_salt
from lana.lib.authz import Authorizer, Scope
from lana.lib.errors import ConstraintViolation
from lana.lib.es.op import Op

KIND: Final = "party"
LONGEST: Final = 320
EMAIL_SPACE: Final = "party.email"
HANDLE_SPACE: Final = "party.telegram-handle"


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """What staff and the customer see of a party. Empty texts after erasure."""

    email: str
    telegram_handle: str
    personal_info: PersonalInfo | None

    @classmethod
    def of(cls, person: Person) -> Contact:
        data = person.data
        return cls(
            email=person.email or "",
            telegram_handle=person.handle or "",
            personal_info=msgspec.convert(data, PersonalInfo) if data else None,
        )


NOBODY: Final = Contact(email="", telegram_handle="", personal_info=None)


class Contacts:
    """Changes go through a party of the same Op, whose version guards them."""

    def __init__(self, authz: Authorizer, personal: PersonalData) -> None:
        self._authz = authz
        self._personal = personal

    async def new(self, op: Op, party_id: UUID, email: str, telegram_handle: str) -> Person:
        person = Person(salt=new_salt(), email=bounded(email), handle=bounded(telegram_handle))
        await self._claim_email(op, email, "PartyCreateError")
        await self._claim_handle(op, telegram_handle, "PartyCreateError")
        self._personal.keep(op, KIND, party_id, person)
        return person

    async def of_party(self, party_id: UUID) -> Person:
        person = await self._personal.find(KIND, party_id)
        if person is None:
            raise LookupError(f"party {party_id} has no row of personal data")
        return person

    async def change_email(self, op: Op, party_id: UUID, person: Person, email: str) -> None:
        if person.email is not None and person.email.casefold() != email.casefold():
            await self._personal.release(op, EMAIL_SPACE, person.email)
        if person.email is None or person.email.casefold() != email.casefold():
            await self._claim_email(op, email, "PartyModifyError")
        self._personal.keep(op, KIND, party_id, msgspec.structs.replace(person, email=email))

    async def change_handle(self, op: Op, party_id: UUID, person: Person, handle: str) -> None:
        if person.handle is not None and person.handle.casefold() != handle.casefold():
            await self._personal.release(op, HANDLE_SPACE, person.handle)
        if person.handle is None or person.handle.casefold() != handle.casefold():
            await self._claim_handle(op, handle, "PartyModifyError")
        self._personal.keep(op, KIND, party_id, msgspec.structs.replace(person, handle=handle))

    async def find_many_contacts(self, ctx: Scope, party_ids: Sequence[UUID]) -> Mapping[UUID, Contact]:
        """For staff, in batches."""
        self._authz.enforce(ctx, PartyAction.READ, *party_ids)
        found = await self._personal.find_many(KIND, party_ids)
        return {party_id: Contact.of(person) for party_id, person in found.items()}

    async def own(self, party_id: UUID) -> Contact:
        """For the person themselves."""
        return Contact.of(await self.of_party(party_id))

    async def party_by_email(self, email: str) -> UUID | None:
        return await self._personal.id_by_email(KIND, email)

    async def _claim_email(self, op: Op, email: str, prefix: str) -> None:
        taken = ConstraintViolation("Email", email, prefix=prefix)
        await self._personal.claim(op, EMAIL_SPACE, email, taken)

    async def _claim_handle(self, op: Op, handle: str, prefix: str) -> None:
        taken = ConstraintViolation("TelegramHandle", handle, prefix=prefix)
        await self._personal.claim(op, HANDLE_SPACE, handle, taken)


def bounded(text: str) -> str:
    if len(text) > LONGEST:
        raise ContactTooLong(f"at most {LONGEST} characters")
    return text
