"""Credit requests as their customer sees them: drafted, submitted, withdrawn; nobody else's, ever."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from lana.core.credit.primitives import CreditObject, RequestAction, RequestStatus
from lana.core.credit.request.application import Application, Draft
from lana.core.credit.request.drafts import Drafts, StoredDraft
from lana.core.credit.request.entity import CreditRequest, Initialized
from lana.core.credit.request.errors import CreditRequestNotFound, OpenRequestExists
from lana.core.credit.request.public import CreditRequestSubmitted
from lana.core.credit.requests import OPEN, CreditRequests, open_claim, told
from lana.core.customer import Customers
from lana.core.public_id import PublicIds, TargetKind
from lana.core.terms import TermsTemplate, TermsTemplates
from lana.lib.authz import Action, Check, Scope
from lana.lib.errors import NotAuthorized
from lana.lib.es.op import Op
from lana.lib.pg.database import Database

# customers do these to what is their own: no permission set grants them
SUBMIT: Final[Action] = CreditObject.REQUEST.action("submit")
SAVE_DRAFT: Final[Action] = CreditObject.REQUEST.action("save-draft")
WITHDRAW: Final[Action] = CreditObject.REQUEST.action("withdraw")
READ_PRODUCTS: Final[Action] = CreditObject.REQUEST.action("read-products")


class OwnCreditRequests:
    """Somebody else's request is answered like one that does not exist."""

    def __init__(
        self,
        db: Database,
        requests: CreditRequests,
        customers: Customers,
        templates: TermsTemplates,
        public_ids: PublicIds,
    ) -> None:
        self._repo = requests.repo
        self._authz = requests.authz
        self._customers = customers
        self._templates = templates
        self._public_ids = public_ids
        self._drafts = Drafts(db)

    # --- commands -------------------------------------------------------------------------------------------

    async def save_draft(self, op: Op, product_id: UUID, draft: Draft) -> StoredDraft:
        """Instead of the one before. ProductNotOffered, InvalidRequestText, InvalidConsents."""
        customer_id = self._caller(op, SAVE_DRAFT)
        draft.check()
        await self._customers.find_eligible(op, customer_id)
        product = await self._templates.find_offered(op, product_id)
        return self._drafts.save(op, customer_id, product.id, draft)

    async def submit(self, op: Op, product_id: UUID, application: Application) -> CreditRequest:
        """CustomerNotEligibleForProduct, ProductNotOffered, OpenRequestExists and what is wrong with the
        application.
        """
        customer_id = self._caller(op, SUBMIT)
        await self._customers.find_verified(op, customer_id)
        product = await self._templates.find_offered(op, product_id)
        application.check(product.offer)
        op.claim(OPEN, open_claim(customer_id, product.id), OpenRequestExists(product.id))
        request_id = op.new_id()
        request = CreditRequest.born(
            Initialized(
                id=request_id,
                customer_id=customer_id,
                terms_template_id=product.id,
                amount=application.amount,
                purpose=application.purpose,
                note=application.note,
                consents=application.consents_given(op.now),
                status=RequestStatus.SUBMITTED,
                public_id=await self._public_ids.draw(op, TargetKind.CREDIT_REQUEST, request_id),
            )
        )
        self._drafts.discard(op, customer_id, product.id)
        op.publish(CreditRequestSubmitted(id=request.id, customer_id=customer_id, status=request.status))
        return op.add(self._repo, request)

    async def withdraw(self, op: Op, request_id: UUID) -> CreditRequest:
        """CreditRequestNotFound, RequestAlreadyConcluded."""
        request = self._own(op, WITHDRAW, await op.maybe_find(self._repo, request_id))
        if request is None:
            raise CreditRequestNotFound(request_id)
        return told(op, request, request.withdraw())

    # --- reads ----------------------------------------------------------------------------------------------

    async def maybe_find_request(self, ctx: Scope, request_id: UUID) -> CreditRequest | None:
        return self._own(ctx, RequestAction.READ, await self._repo.peek(request_id))

    async def list_requests(self, ctx: Scope) -> list[CreditRequest]:
        """Newest first."""
        return await self._repo.of_parent(self._caller(ctx, RequestAction.LIST))

    async def list_drafts(self, ctx: Scope) -> list[StoredDraft]:
        """Latest first."""
        return await self._drafts.of_customer(self._caller(ctx, RequestAction.LIST))

    async def list_products(self, ctx: Scope) -> Sequence[TermsTemplate]:
        """What may be asked for, by name."""
        self._caller(ctx, READ_PRODUCTS)
        return await self._templates.offered_by_name()

    async def find_many_products(self, ctx: Scope, ids: Sequence[UUID]) -> dict[UUID, TermsTemplate]:
        """Also those that are not offered any more: of requests made before."""
        self._caller(ctx, READ_PRODUCTS)
        return await self._templates.peek_many(ids)

    def _own(self, scope: Scope, action: Action, found: CreditRequest | None) -> CreditRequest | None:
        """What was found, if it is the caller's. Kept for the audit either way."""
        if found is None or not scope.subject.is_customer:
            self._caller(scope, action)
            return None
        return found if self._authz.enforce_owner(scope, action, found.id, found.customer_id) else None

    def _caller(self, scope: Scope, action: Action) -> UUID:
        """The customer who asks; the check is kept, whoever it is."""
        allowed = scope.subject.is_customer
        scope.record(Check(scope.subject, action, (), allowed))
        if not allowed:
            raise NotAuthorized
        return scope.subject.id
