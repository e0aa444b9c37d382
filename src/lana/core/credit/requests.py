"""Credit requests as the bank sees them: taken, declined, answered by a proposal, expired."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from lana.core.credit.config import CREDIT_REQUEST_EXPIRY_DAYS
from lana.core.credit.primitives import CreditObject, RequestAction, RequestStatus
from lana.core.credit.request.entity import CreditRequest
from lana.core.credit.request.errors import CreditRequestNotFound
from lana.core.credit.request.public import CreditRequestUpdated
from lana.core.credit.request.repo import CreditRequestRepo
from lana.core.domain_config import Settings
from lana.lib.authz import Action, Authorizer, Check, Scope
from lana.lib.errors import NotAuthorized
from lana.lib.es.entity import DONE, Outcome
from lana.lib.es.op import Op
from lana.lib.pg.database import Database
from lana.lib.pg.page import Found, Order, Page

OPEN: Final = "credit-request.open"
# the system's own act: no permission set grants it
EXPIRE: Final[Action] = CreditObject.REQUEST.action("expire")


class CreditRequests:
    def __init__(self, db: Database, authz: Authorizer, settings: Settings) -> None:
        self.authz = authz
        self.repo = CreditRequestRepo(db)
        self._settings = settings

    # --- commands of staff ----------------------------------------------------------------------------------

    async def take(self, op: Op, request_id: UUID) -> CreditRequest:
        """For oneself. RequestAlreadyTaken, RequestAlreadyConcluded."""
        self.authz.enforce(op, RequestAction.TAKE, request_id)
        if not op.subject.is_user:
            raise NotAuthorized
        request = await self._find(op, request_id)
        return told(op, request, request.take(op.subject.id))

    async def decline(self, op: Op, request_id: UUID, reason: str) -> CreditRequest:
        """The customer is told the reason. InvalidRequestText, RequestAlreadyConcluded."""
        self.authz.enforce(op, RequestAction.DECLINE, request_id)
        request = await self._find(op, request_id)
        return told(op, request, request.decline(reason))

    async def mark_proposed(
        self, op: Op, request_id: UUID, customer_id: UUID, proposal_id: UUID
    ) -> CreditRequest:
        """In the Op that makes the proposal, whose permission covers it. CreditRequestNotFound,
        RequestOfAnotherCustomer, RequestAlreadyConcluded.
        """
        request = await self._find(op, request_id)
        return told(op, request, request.propose(customer_id, proposal_id))

    async def expire(self, op: Op, request_ids: Sequence[UUID]) -> int:
        """The end of the day's; answers how many were still open."""
        found = await op.find_many(self.repo, request_ids)
        expired = [request for request in found.values() if request.expire() is DONE]
        if expired:
            op.record(Check(op.subject, EXPIRE, tuple(request.id for request in expired), True))
        for request in expired:
            told(op, request, DONE)
        return len(expired)

    async def _find(self, op: Op, request_id: UUID) -> CreditRequest:
        request = await op.maybe_find(self.repo, request_id)
        if request is None:
            raise CreditRequestNotFound(request_id)
        return request

    # --- reads of staff -------------------------------------------------------------------------------------

    async def maybe_find_request(self, ctx: Scope, request_id: UUID) -> CreditRequest | None:
        self.authz.enforce(ctx, RequestAction.READ, request_id)
        return await self.repo.peek(request_id)

    async def list_requests(
        self, ctx: Scope, page: Page, order: Order | None = None, status: RequestStatus | None = None
    ) -> Found[CreditRequest]:
        """By `created_at` or `amount`."""
        self.authz.enforce(ctx, RequestAction.LIST)
        return await self.repo.list(page, order, {"status": status})

    async def find_many_of_customers(
        self, ctx: Scope, customer_ids: Sequence[UUID]
    ) -> dict[UUID, list[CreditRequest]]:
        """Each customer's, newest first."""
        self.authz.enforce(ctx, RequestAction.LIST)
        return await self.repo.of_parents(customer_ids)

    def expires_at(self, request: CreditRequest) -> datetime | None:
        """From when an end of day ends it, as the setting is now; None for never, and once concluded."""
        days = self._settings.get(CREDIT_REQUEST_EXPIRY_DAYS)
        return request.created_at + timedelta(days=days) if days and request.is_open else None


def told(op: Op, request: CreditRequest, outcome: Outcome) -> CreditRequest:
    """Publish what changed; once concluded, the customer may ask for the product again."""
    if outcome is DONE:
        if not request.is_open:
            op.release(OPEN, open_claim(request.customer_id, request.terms_template_id))
        op.publish(
            CreditRequestUpdated(id=request.id, customer_id=request.customer_id, status=request.status)
        )
    return request


def open_claim(customer_id: UUID, terms_template_id: UUID) -> str:
    return f"{customer_id}:{terms_template_id}"
