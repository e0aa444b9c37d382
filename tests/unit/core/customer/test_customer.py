from __future__ import annotations

import pytest

from lana.core.customer.customer.entity import (
    Customer,
    Initialized,
    ManualConversion,
    SumsubApproved,
)
from lana.core.customer.customer.errors import CustomerIsClosed, CustomerNotEligibleForProduct
from lana.core.customer.party import entity as party
from lana.core.customer.primitives import (
    ConversionReason,
    CustomerFreezeReason,
    CustomerStatus,
    CustomerType,
    KycLevel,
)
from lana.lib.es.entity import ALREADY, DONE
from lana.lib.ids import new_id


def new_customer() -> Customer:
    party_id = new_id()
    return Customer.born(
        Initialized(
            id=party_id,
            party_id=party_id,
            customer_type=CustomerType.INDIVIDUAL,
            public_id="1000",
            conversion=SumsubApproved(applicant_id="a1"),
            level=KycLevel.BASIC,
        )
    )


def closed_customer() -> Customer:
    customer = new_customer()
    customer.close()
    return customer


def test_freezing_twice_and_unfreezing_an_active_customer_change_nothing() -> None:
    customer = new_customer()
    assert customer.unfreeze() is ALREADY
    assert customer.freeze() is DONE
    assert customer.freeze() is ALREADY
    assert customer.status is CustomerStatus.FROZEN
    assert customer.unfreeze() is DONE
    assert customer.status is CustomerStatus.ACTIVE


def test_a_green_review_does_not_lift_what_staff_froze() -> None:
    customer = new_customer()
    customer.freeze()
    assert customer.unfreeze(CustomerFreezeReason.KYC) is ALREADY
    customer.freeze(CustomerFreezeReason.KYC)
    assert customer.unfreeze(CustomerFreezeReason.KYC) is DONE
    assert customer.status is CustomerStatus.FROZEN
    customer.unfreeze()
    assert customer.status is CustomerStatus.ACTIVE


def test_staff_lifts_the_freeze_of_a_red_review_too() -> None:
    customer = new_customer()
    customer.freeze(CustomerFreezeReason.KYC)
    customer.unfreeze()
    assert customer.status is CustomerStatus.ACTIVE
    assert customer.freezes == ()


def test_a_closed_customer_is_neither_frozen_nor_unfrozen() -> None:
    with pytest.raises(CustomerIsClosed):
        closed_customer().freeze()
    with pytest.raises(CustomerIsClosed):
        closed_customer().unfreeze()


def test_closing_is_idempotent_and_possible_when_frozen() -> None:
    customer = new_customer()
    customer.freeze()
    assert customer.close() is DONE
    assert customer.close() is ALREADY
    assert customer.status is CustomerStatus.CLOSED


def test_only_an_active_customer_is_eligible() -> None:
    new_customer().require_eligible()
    frozen = new_customer()
    frozen.freeze()
    for customer in (frozen, closed_customer()):
        with pytest.raises(CustomerNotEligibleForProduct):
            customer.require_eligible()


def test_the_conversion_tells_its_reason_and_applicant() -> None:
    customer = new_customer()
    assert customer.conversion_reason is ConversionReason.SUMSUB_APPROVED
    assert customer.applicant_id == "a1"
    customer.conversion = ManualConversion()
    assert customer.conversion_reason is ConversionReason.MANUALLY_CONVERTED
    assert customer.applicant_id is None


def test_party_updates_compare_with_the_current_value() -> None:
    subject = party.Party.born(
        party.Initialized(
            id=new_id(),
            email_digest="e1",
            telegram_handle_digest="h1",
            customer_type=CustomerType.BANK,
        )
    )
    assert subject.update_email("e1") is ALREADY
    assert subject.update_email("e2") is DONE
    assert subject.update_email("e1") is DONE
    assert subject.update_telegram_handle("h2") is DONE
    assert subject.update_telegram_handle("h1") is DONE
    assert subject.update_personal_info("p1") is DONE
    assert subject.update_personal_info("p1") is ALREADY
    assert party.Party.fold(list(subject.pending)) == subject
