"""A prospect and its road through KYC."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from lana.core.customer.primitives import (
    ConversionReason,
    CustomerType,
    KycLevel,
    KycStatus,
    ProspectStage,
)
from lana.core.customer.prospect.errors import (
    AlreadyClosed,
    AlreadyConverted,
    ApplicantIdMismatch,
    KycNotStarted,
    ManualConversionNotAllowed,
)
from lana.lib.es.entity import ALREADY, Entity, Event, Outcome


class Initialized(Event, tag="initialized", frozen=True):
    id: UUID
    party_id: UUID
    customer_type: CustomerType
    public_id: str
    stage: ProspectStage


class KycStarted(Event, tag="kyc_started", frozen=True):
    applicant_id: str
    stage: ProspectStage


class KycPending(Event, tag="kyc_pending", frozen=True):
    stage: ProspectStage


class KycOnHold(Event, tag="kyc_on_hold", frozen=True):
    stage: ProspectStage


class KycDeclined(Event, tag="kyc_declined", frozen=True):
    stage: ProspectStage


class KycApproved(Event, tag="kyc_approved", frozen=True):
    level: KycLevel
    stage: ProspectStage


class ManuallyConverted(Event, tag="manually_converted", frozen=True):
    stage: ProspectStage


class VerificationLinkCreated(Event, tag="verification_link_created", frozen=True):
    url: str
    created_at: datetime


class Closed(Event, tag="closed", frozen=True):
    stage: ProspectStage


ProspectEvent = (
    Initialized
    | KycStarted
    | KycPending
    | KycOnHold
    | KycDeclined
    | KycApproved
    | ManuallyConverted
    | VerificationLinkCreated
    | Closed
)


class Prospect(Entity[ProspectEvent]):
    """Open until it is converted or closed; both are final.

    A repeated report of the provider never refuses, not even late, on a converted or closed prospect: the
    provider would only send it again.
    """

    kind = "prospect"
    event_types = ProspectEvent

    party_id: UUID
    customer_type: CustomerType
    public_id: str
    stage: ProspectStage
    kyc_status: KycStatus = KycStatus.NOT_STARTED
    level: KycLevel = KycLevel.NOT_KYCED
    applicant_id: str | None = None
    conversion: ConversionReason | None = None
    verification_link: str | None = None
    verification_link_created_at: datetime | None = None
    was_pending: bool = False
    was_on_hold: bool = False
    was_declined: bool = False

    @property
    def is_open(self) -> bool:
        return self.stage not in (ProspectStage.CONVERTED, ProspectStage.CLOSED)

    @property
    def is_converted(self) -> bool:
        return self.stage is ProspectStage.CONVERTED

    def start_kyc(self, applicant_id: str) -> Outcome:
        if self.applicant_id is not None:
            return ALREADY
        self._require_open()
        return self.emit(KycStarted(applicant_id=applicant_id, stage=ProspectStage.KYC_STARTED))

    def report_pending(self) -> Outcome:
        if self.stage is ProspectStage.KYC_PENDING or (self.was_pending and not self.is_open):
            return ALREADY
        self._require_open()
        return self.emit(KycPending(stage=ProspectStage.KYC_PENDING))

    def report_on_hold(self) -> Outcome:
        if self.stage is ProspectStage.KYC_ON_HOLD or (self.was_on_hold and not self.is_open):
            return ALREADY
        self._require_open()
        return self.emit(KycOnHold(stage=ProspectStage.KYC_ON_HOLD))

    def approve_kyc(self, applicant_id: str) -> Outcome:
        if self.kyc_status is KycStatus.APPROVED:
            return ALREADY
        self._require_open()
        self._require_applicant(applicant_id)
        return self.emit(KycApproved(level=KycLevel.BASIC, stage=ProspectStage.CONVERTED))

    def decline_kyc(self, applicant_id: str) -> Outcome:
        if self.stage is ProspectStage.KYC_DECLINED or (self.was_declined and not self.is_open):
            return ALREADY
        self._require_open()
        self._require_applicant(applicant_id)
        return self.emit(KycDeclined(stage=ProspectStage.KYC_DECLINED))

    def convert_manually(self, *, allowed: bool) -> Outcome:
        """`ALREADY` when there is a customer, whichever way it came to be."""
        if self.conversion is ConversionReason.MANUALLY_CONVERTED:
            return ALREADY
        if not allowed:
            raise ManualConversionNotAllowed
        if self.conversion is ConversionReason.SUMSUB_APPROVED:
            return ALREADY
        self._require_open()
        return self.emit(ManuallyConverted(stage=ProspectStage.CONVERTED))

    def close(self) -> Outcome:
        if self.stage is ProspectStage.CLOSED:
            return ALREADY
        self._require_open()
        return self.emit(Closed(stage=ProspectStage.CLOSED))

    def record_verification_link(self, url: str, created_at: datetime) -> Outcome:
        self._require_open()
        return self.emit(VerificationLinkCreated(url=url, created_at=created_at))

    def _require_open(self) -> None:
        if self.stage is ProspectStage.CONVERTED:
            raise AlreadyConverted
        if self.stage is ProspectStage.CLOSED:
            raise AlreadyClosed

    def _require_applicant(self, applicant_id: str) -> None:
        if self.applicant_id is None:
            raise KycNotStarted
        if self.applicant_id != applicant_id:
            raise ApplicantIdMismatch(self.applicant_id, applicant_id)

    @classmethod
    def begin(cls, event: ProspectEvent) -> Prospect:
        assert isinstance(event, Initialized)
        return cls(
            id=event.id,
            party_id=event.party_id,
            customer_type=event.customer_type,
            public_id=event.public_id,
            stage=event.stage,
        )

    def apply(self, event: ProspectEvent) -> None:
        match event:
            case Initialized():
                raise ValueError("a prospect is initialized once")
            case KycStarted():
                self.stage, self.kyc_status = event.stage, KycStatus.STARTED
                self.applicant_id = event.applicant_id
            case KycPending():
                self.stage, self.kyc_status, self.was_pending = event.stage, KycStatus.PENDING, True
            case KycOnHold():
                self.stage, self.kyc_status, self.was_on_hold = event.stage, KycStatus.ON_HOLD, True
            case KycDeclined():
                self.stage, self.kyc_status, self.was_declined = event.stage, KycStatus.DECLINED, True
            case KycApproved():
                self.stage, self.kyc_status, self.was_declined = event.stage, KycStatus.APPROVED, False
                self.level, self.conversion = event.level, ConversionReason.SUMSUB_APPROVED
            case ManuallyConverted():
                self.stage, self.conversion = event.stage, ConversionReason.MANUALLY_CONVERTED
            case VerificationLinkCreated():
                self.verification_link = event.url
                self.verification_link_created_at = event.created_at
            case Closed():
                self.stage = event.stage
