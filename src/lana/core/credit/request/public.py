"""What other domains hear of credit requests."""

from __future__ import annotations

from uuid import UUID

from lana.core.credit.primitives import RequestStatus
from lana.lib.outbox import PublicEvent


class CreditRequestSnapshot(PublicEvent, frozen=True):
    id: UUID
    customer_id: UUID
    status: RequestStatus


class CreditRequestSubmitted(CreditRequestSnapshot, frozen=True):
    module = "Credit"


class CreditRequestUpdated(CreditRequestSnapshot, frozen=True):
    module = "Credit"
