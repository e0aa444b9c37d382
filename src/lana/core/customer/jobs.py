"""The customer's login at the identity provider, brought to what it should be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final
from uuid import UUID

from lana.core.access import Announce, Logins
from lana.core.customer.contacts import Contacts
from lana.core.customer.customers import Customers
from lana.core.customer.primitives import CustomerStatus
from lana.lib.es.op import DeferredJob

CREATE_LOGIN: Final = "customer.create-keycloak-user"
SYNC_LOGIN: Final = "customer.sync-keycloak-user"


def create_login(party_id: UUID) -> DeferredJob:
    return DeferredJob(CREATE_LOGIN, {"party_id": str(party_id)}, lock=f"customer-login:{party_id}")


def sync_login(party_id: UUID) -> DeferredJob:
    return DeferredJob(SYNC_LOGIN, {"party_id": str(party_id)}, lock=f"customer-login:{party_id}")


class CreateLogin:
    """Once per party, at prospect creation. Idempotent by the party's id; default retries."""

    name: ClassVar[str] = CREATE_LOGIN

    def __init__(self, contacts: Contacts, logins: Logins, announce: Announce) -> None:
        self._contacts = contacts
        self._logins = logins
        self._announce = announce

    async def run(self, args: Mapping[str, object]) -> None:
        party_id = UUID(str(args["party_id"]))
        contact = await self._contacts.own(party_id)
        if not contact.email:
            return
        password = await self._logins.ensure(party_id, contact.email)
        if password is not None:
            self._announce(password)


class SyncLogin:
    """E-mail and admittance as the bank knows them when it runs, so runs may come late or in any order.

    One at a time per party, because two at once could leave the older answer. Default retries.
    """

    name: ClassVar[str] = SYNC_LOGIN

    def __init__(self, contacts: Contacts, customers: Customers, logins: Logins) -> None:
        self._contacts = contacts
        self._customers = customers
        self._logins = logins

    async def run(self, args: Mapping[str, object]) -> None:
        party_id = UUID(str(args["party_id"]))
        contact = await self._contacts.own(party_id)
        status = await self._customers.maybe_status(party_id)
        if contact.email:
            await self._logins.update_email(party_id, contact.email)
        await self._logins.set_enabled(party_id, status in (None, CustomerStatus.ACTIVE))
