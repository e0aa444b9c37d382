"""Use cases of terms templates."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from lana.core.terms import primitives as p
from lana.core.terms.errors import DuplicateTermsTemplateName, InvalidTermsTemplateName, ProductNotOffered
from lana.core.terms.template.entity import Initialized, Offer, TermsTemplate
from lana.core.terms.template.repo import TermsTemplateRepo
from lana.core.terms.values import TermValues
from lana.lib.authz import Authorizer, Scope
from lana.lib.es.op import Op
from lana.lib.pg.database import Database
from lana.lib.pg.page import Direction, Order, Page

NAME = "terms-template.name"
MOST = 100
MAX_NAME = 200


class TermsTemplates:
    def __init__(self, db: Database, authz: Authorizer) -> None:
        self.authz = authz
        self.repo = TermsTemplateRepo(db)

    async def create(self, op: Op, name: str, values: TermValues) -> TermsTemplate:
        """TermsError, DuplicateTermsTemplateName, InvalidTermsTemplateName."""
        self.authz.enforce(op, p.TERMS_TEMPLATE_CREATE)
        values.check()
        if not name.strip() or len(name) > MAX_NAME:
            raise InvalidTermsTemplateName(f"a name has 1 to {MAX_NAME} characters", field="name")
        op.claim(NAME, name, DuplicateTermsTemplateName(name, field="name"))
        return op.add(self.repo, TermsTemplate.born(Initialized(id=op.new_id(), name=name, values=values)))

    async def update(self, op: Op, template_id: UUID, values: TermValues) -> TermsTemplate:
        """TermsError. Equal values change nothing."""
        self.authz.enforce(op, p.TERMS_TEMPLATE_UPDATE, template_id)
        values.check()
        template = await op.find(self.repo, template_id)
        template.update(values)
        return template

    async def update_offer(self, op: Op, template_id: UUID, offer: Offer) -> TermsTemplate:
        """What customers may ask for. InvalidOffer."""
        self.authz.enforce(op, p.TERMS_TEMPLATE_UPDATE, template_id)
        offer.check()
        template = await op.find(self.repo, template_id)
        template.update_offer(offer)
        return template

    async def find_offered(self, op: Op, template_id: UUID) -> TermsTemplate:
        """For other domains: what customers may ask for, guarded. ProductNotOffered, also where there is
        none.
        """
        template = await op.maybe_find(self.repo, template_id)
        if template is None:
            raise ProductNotOffered(template_id)
        template.require_offered()
        return template

    def may_update(self, ctx: Scope) -> bool:
        """For a flag beside the template; nothing is recorded."""
        return self.authz.evaluate(ctx.subject, p.TERMS_TEMPLATE_UPDATE)

    async def maybe_find(self, ctx: Scope, template_id: UUID) -> TermsTemplate | None:
        self.authz.enforce(ctx, p.TERMS_TEMPLATE_READ, template_id)
        return await self.repo.peek(template_id)

    async def peek_all(self) -> Sequence[TermsTemplate]:
        """For names beside loans: nothing is recorded."""
        return (await self.repo.list(Page(MOST), Order("name", Direction.ASC))).items

    async def first_by_name(self, ctx: Scope) -> Sequence[TermsTemplate]:
        """The first hundred."""
        self.authz.enforce(ctx, p.TERMS_TEMPLATE_LIST)
        return (await self.repo.list(Page(MOST), Order("name", Direction.ASC))).items

    async def find_many(self, ctx: Scope, ids: Sequence[UUID]) -> dict[UUID, TermsTemplate]:
        self.authz.enforce(ctx, p.TERMS_TEMPLATE_READ, *ids)
        return await self.repo.peek_many(ids)

    # --- reads of the customer, whose own check covers them -------------------------------------------------

    async def offered_by_name(self) -> Sequence[TermsTemplate]:
        """The first hundred."""
        order = Order("name", Direction.ASC)
        return (await self.repo.list(Page(MOST), order, {"offered": True})).items

    async def peek_many(self, ids: Sequence[UUID]) -> dict[UUID, TermsTemplate]:
        """Offered or not."""
        return await self.repo.peek_many(ids)
