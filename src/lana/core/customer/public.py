"""What other domains hear of parties, prospects and customers. No personal data: consumers read it from the
party.
"""

from __future__ import annotations

from uuid import UUID

from lana.core.customer.primitives import CustomerStatus, CustomerType, KycStatus, ProspectStage
from lana.lib.outbox import PublicEvent


class PartySnapshot(PublicEvent, frozen=True):
    id: UUID
    customer_type: CustomerType


class PartyCreated(PartySnapshot, frozen=True):
    module = "Customer"


class PartyEmailUpdated(PartySnapshot, frozen=True):
    module = "Customer"


class ProspectSnapshot(PublicEvent, frozen=True):
    id: UUID
    party_id: UUID
    kyc_status: KycStatus
    stage: ProspectStage


class ProspectCreated(ProspectSnapshot, frozen=True):
    module = "Customer"


class ProspectKycStarted(ProspectSnapshot, frozen=True):
    module = "Customer"


class ProspectKycPending(ProspectSnapshot, frozen=True):
    module = "Customer"


class ProspectKycDeclined(ProspectSnapshot, frozen=True):
    module = "Customer"


class ProspectConverted(ProspectSnapshot, frozen=True):
    module = "Customer"


class ProspectClosed(ProspectSnapshot, frozen=True):
    module = "Customer"


class CustomerSnapshot(PublicEvent, frozen=True):
    id: UUID
    party_id: UUID
    status: CustomerStatus


class CustomerCreated(CustomerSnapshot, frozen=True):
    module = "Customer"


class CustomerFrozen(CustomerSnapshot, frozen=True):
    module = "Customer"


class CustomerUnfrozen(CustomerSnapshot, frozen=True):
    module = "Customer"


class CustomerClosed(CustomerSnapshot, frozen=True):
    module = "Customer"
