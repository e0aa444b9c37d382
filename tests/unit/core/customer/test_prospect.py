from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from lana.core.customer.primitives import ConversionReason, CustomerType, KycLevel, KycStatus, ProspectStage
from lana.core.customer.prospect.entity import Initialized, Prospect
from lana.core.customer.prospect.errors import (
    AlreadyClosed,
    AlreadyConverted,
    ApplicantIdMismatch,
    KycNotStarted,
    ManualConversionNotAllowed,
)
from lana.lib.es.entity import ALREADY, DONE, Outcome
from lana.lib.ids import new_id

AT = datetime(2026, 1, 15, tzinfo=UTC)


def new_prospect() -> Prospect:
    party = new_id()
    return Prospect.born(
        Initialized(
            id=party,
            party_id=party,
            customer_type=CustomerType.INDIVIDUAL,
            public_id="1000",
            stage=ProspectStage.NEW,
        )
    )


def started() -> Prospect:
    prospect = new_prospect()
    prospect.start_kyc("a1")
    return prospect


def converted() -> Prospect:
    prospect = started()
    prospect.approve_kyc("a1")
    return prospect


def closed() -> Prospect:
    prospect = new_prospect()
    prospect.close()
    return prospect


OPEN_ONLY: list[Callable[[Prospect], Outcome]] = [
    lambda p: p.report_pending(),
    lambda p: p.report_on_hold(),
    lambda p: p.record_verification_link("https://kyc.example/1", AT),
]


@pytest.mark.parametrize("command", OPEN_ONLY)
def test_what_needs_an_open_prospect_is_refused_after_conversion_and_closing(
    command: Callable[[Prospect], Outcome],
) -> None:
    with pytest.raises(AlreadyConverted):
        command(converted())
    with pytest.raises(AlreadyClosed):
        command(closed())


def test_a_second_start_changes_nothing_even_for_another_applicant() -> None:
    prospect = started()
    assert prospect.start_kyc("a2") is ALREADY
    assert prospect.applicant_id == "a1"
    assert (prospect.stage, prospect.kyc_status) == (ProspectStage.KYC_STARTED, KycStatus.STARTED)


def test_start_is_refused_once_converted_manually_or_closed() -> None:
    prospect = new_prospect()
    prospect.convert_manually(allowed=True)
    with pytest.raises(AlreadyConverted):
        prospect.start_kyc("a1")
    with pytest.raises(AlreadyClosed):
        closed().start_kyc("a1")


def test_pending_and_on_hold_are_reported_even_before_the_start() -> None:
    prospect = new_prospect()
    assert prospect.report_pending() is DONE
    assert prospect.report_pending() is ALREADY
    assert prospect.report_on_hold() is DONE
    assert (prospect.stage, prospect.kyc_status) == (ProspectStage.KYC_ON_HOLD, KycStatus.ON_HOLD)


def test_a_review_may_return_from_hold_to_pending() -> None:
    prospect = started()
    prospect.report_pending()
    prospect.report_on_hold()
    assert prospect.report_pending() is DONE
    assert prospect.stage is ProspectStage.KYC_PENDING


def test_a_late_repeat_raises_nothing_on_a_converted_prospect() -> None:
    prospect = started()
    prospect.report_pending()
    prospect.report_on_hold()
    prospect.decline_kyc("a1")
    prospect.convert_manually(allowed=True)
    assert prospect.report_pending() is ALREADY
    assert prospect.report_on_hold() is ALREADY
    assert prospect.decline_kyc("a1") is ALREADY


def test_approval_needs_a_start_and_the_same_applicant() -> None:
    with pytest.raises(KycNotStarted):
        new_prospect().approve_kyc("a1")
    with pytest.raises(ApplicantIdMismatch, match="expected a1, got a2"):
        started().approve_kyc("a2")


def test_approval_converts_at_level_basic_and_may_follow_a_decline() -> None:
    prospect = started()
    assert prospect.decline_kyc("a1") is DONE
    assert prospect.decline_kyc("a1") is ALREADY
    assert prospect.approve_kyc("a1") is DONE
    assert prospect.approve_kyc("a1") is ALREADY
    assert (prospect.stage, prospect.kyc_status) == (ProspectStage.CONVERTED, KycStatus.APPROVED)
    assert (prospect.level, prospect.conversion) == (KycLevel.BASIC, ConversionReason.SUMSUB_APPROVED)


def test_decline_after_approval_tells_that_there_is_a_customer() -> None:
    with pytest.raises(AlreadyConverted):
        converted().decline_kyc("a1")


def test_decline_needs_a_start_and_the_same_applicant() -> None:
    with pytest.raises(KycNotStarted):
        new_prospect().decline_kyc("a1")
    with pytest.raises(ApplicantIdMismatch):
        started().decline_kyc("a2")


def test_manual_conversion_leaves_the_prospect_without_kyc_level() -> None:
    prospect = new_prospect()
    assert prospect.convert_manually(allowed=True) is DONE
    assert prospect.convert_manually(allowed=False) is ALREADY
    assert (prospect.stage, prospect.level) == (ProspectStage.CONVERTED, KycLevel.NOT_KYCED)
    assert prospect.kyc_status is KycStatus.NOT_STARTED


def test_manual_conversion_is_refused_when_the_setting_is_off_even_after_kyc() -> None:
    with pytest.raises(ManualConversionNotAllowed):
        new_prospect().convert_manually(allowed=False)
    with pytest.raises(ManualConversionNotAllowed):
        converted().convert_manually(allowed=False)
    assert converted().convert_manually(allowed=True) is ALREADY


def test_manual_conversion_of_a_closed_prospect_is_refused() -> None:
    with pytest.raises(AlreadyClosed):
        closed().convert_manually(allowed=True)


def test_closing_is_idempotent_and_refused_after_conversion() -> None:
    prospect = closed()
    assert prospect.close() is ALREADY
    with pytest.raises(AlreadyConverted) as refused:
        converted().close()
    assert refused.value.code == "ALREADY_CONVERTED"


def test_the_newest_verification_link_is_shown() -> None:
    prospect = new_prospect()
    prospect.record_verification_link("https://kyc.example/1", AT)
    prospect.record_verification_link("https://kyc.example/2", AT)
    assert prospect.verification_link == "https://kyc.example/2"
    assert prospect.verification_link_created_at == AT
