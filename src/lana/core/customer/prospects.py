"""Prospects: taken in, closed, or turned into customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from lana.core.customer.config import ALLOW_MANUAL_CONVERSION
from lana.core.customer.contacts import Contacts
from lana.core.customer.customer import entity as customer
from lana.core.customer.customer.repo import CustomerRepo
from lana.core.customer.party import entity as party
from lana.core.customer.party.repo import PartyRepo
from lana.core.customer.primitives import CustomerType, KycLevel, ProspectAction, ProspectStage
from lana.core.customer.prospect import entity as prospect
from lana.core.customer.prospect.repo import ProspectRepo
from lana.core.customer.public import (
    CustomerCreated,
    PartyCreated,
    ProspectClosed,
    ProspectConverted,
    ProspectCreated,
    ProspectSnapshot,
)
from lana.core.domain_config import Settings
from lana.core.public_id import PublicIds, TargetKind
from lana.lib.authz import Authorizer, Scope
from lana.lib.es.entity import ALREADY
from lana.lib.es.op import Op
from lana.lib.pg.database import Database
from lana.lib.pg.page import Found, Order, Page


class Prospects:
    def __init__(
        self, db: Database, authz: Authorizer, contacts: Contacts, public_ids: PublicIds, settings: Settings
    ) -> None:
        self.repo = ProspectRepo(db)
        self.parties = PartyRepo(db)
        self.customers = CustomerRepo(db)
        self._authz = authz
        self._contacts = contacts
        self._public_ids = public_ids
        self._settings = settings

    # --- commands -------------------------------------------------------------------------------------------

    async def create_prospect(
        self, op: Op, email: str, telegram_handle: str, customer_type: CustomerType
    ) -> prospect.Prospect:
        self._authz.enforce(op, ProspectAction.CREATE)
        new = op.new_id()
        person = await self._contacts.new(op, new, email, telegram_handle)
        public_id = await self._public_ids.draw(op, TargetKind.PROSPECT, new)
        made = party.Initialized(
            id=new,
            email_digest=person.digest(email),
            telegram_handle_digest=person.digest(telegram_handle),
            customer_type=customer_type,
        )
        op.add(self.parties, party.Party.born(made))
        taken_in = prospect.Initialized(
            id=new, party_id=new, customer_type=customer_type, public_id=public_id, stage=ProspectStage.NEW
        )
        created = op.add(self.repo, prospect.Prospect.born(taken_in))
        op.publish(PartyCreated(id=new, customer_type=customer_type))
        op.publish(_told(ProspectCreated, created))
        return created

    async def close_prospect(self, op: Op, prospect_id: UUID) -> prospect.Prospect:
        self._authz.enforce(op, ProspectAction.CLOSE, prospect_id)
        found = await op.find(self.repo, prospect_id)
        if found.close() is not ALREADY:
            op.publish(_told(ProspectClosed, found))
        return found

    async def convert_prospect(self, op: Op, prospect_id: UUID) -> customer.Customer:
        """Make a customer without KYC, where the setting allows it."""
        self._authz.enforce(op, ProspectAction.APPROVE_KYC, prospect_id)
        found = await op.find(self.repo, prospect_id)
        allowed = self._settings.get(ALLOW_MANUAL_CONVERSION)
        if found.convert_manually(allowed=allowed) is ALREADY:
            return await op.find(self.customers, prospect_id)
        return self._become_customer(op, found, customer.ManualConversion())

    def _become_customer(
        self, op: Op, converted: prospect.Prospect, conversion: customer.Conversion
    ) -> customer.Customer:
        made = customer.Initialized(
            id=converted.id,
            party_id=converted.party_id,
            customer_type=converted.customer_type,
            public_id=converted.public_id,
            conversion=conversion,
            level=KycLevel.BASIC,
        )
        created = op.add(self.customers, customer.Customer.born(made))
        self._public_ids.retarget(op, created.public_id, TargetKind.CUSTOMER, created.id)
        op.publish(_told(ProspectConverted, converted))
        op.publish(CustomerCreated(id=created.id, party_id=created.party_id, status=created.status))
        return created

    # --- reads ----------------------------------------------------------------------------------------------

    async def maybe_find_prospect(self, ctx: Scope, prospect_id: UUID) -> prospect.Prospect | None:
        self._authz.enforce(ctx, ProspectAction.READ, prospect_id)
        return await self.repo.peek(prospect_id)

    async def maybe_find_prospect_by_public_id(self, ctx: Scope, public_id: str) -> prospect.Prospect | None:
        self._authz.enforce(ctx, ProspectAction.READ)
        target = await self._public_ids.target_of(public_id, TargetKind.PROSPECT)
        return await self.repo.peek(target) if target else None

    async def find_many_prospects(self, ctx: Scope, ids: Sequence[UUID]) -> Mapping[UUID, prospect.Prospect]:
        self._authz.enforce(ctx, ProspectAction.READ, *ids)
        return await self.repo.peek_many(ids)

    async def list_prospects(
        self,
        ctx: Scope,
        page: Page,
        order: Order | None = None,
        stage: ProspectStage | None = None,
        customer_type: CustomerType | None = None,
    ) -> Found[prospect.Prospect]:
        self._authz.enforce(ctx, ProspectAction.LIST)
        return await self.repo.list(page, order, {"stage": stage, "customer_type": customer_type})


def _told(event: type[ProspectSnapshot], of: prospect.Prospect) -> ProspectSnapshot:
    return event(id=of.id, party_id=of.party_id, kyc_status=of.kyc_status, stage=of.stage)
