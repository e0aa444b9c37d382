"""What other domains hear of parties, prospects and customers. No personal data: consumers read it from the party."""

from __future__ import annotations

from uuid import UUID

from lana.core.customer.primitives import CustomerStatus, CustomerType, KycStatus, ProspectStage
from lana.lib.outbox import PublicEvent


class PartySnapshot(PublicEvent):
    id: UUID
    customer_type: CustomerType


class PartyCreated(PartySnapshot):
    module = "Customer"


class PartyEmailUpdated(PartySnapshot):
    module = "Customer"


class ProspectSnapshot(PublicEvent):
    id: UUID
    party_id: UUID
    kyc_status: KycStatus
    stage: ProspectStage


class ProspectCreated(ProspectSnapshot):
    module = "Customer"


class ProspectKycStarted(ProspectSnapshot):
    module = "Customer"


class ProspectKycPending(ProspectSnapshot):
    module = "Customer"


class ProspectKycDeclined(ProspectSnapshot):
    module = "Customer"


class ProspectConverted(ProspectSnapshot):
    module = "Customer"


class ProspectClosed(ProspectSnapshot):
    module = "Customer"


class CustomerSnapshot(PublicEvent):
    id: UUID
    party_id: UUID
    status: CustomerStatus


class CustomerCreated(CustomerSnapshot):
    module = "Customer"


class CustomerFrozen(CustomerSnapshot):
    module = "Customer"


class CustomerUnfrozen(CustomerSnapshot):
    module = "Customer"


class CustomerClosed(CustomerSnapshot):
    module = "Customer"
