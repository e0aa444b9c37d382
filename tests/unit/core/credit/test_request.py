from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest

from lana.core.credit import (
    AmountOutOfBounds,
    Application,
    ConsentText,
    Draft,
    InvalidConsents,
    InvalidRequestText,
    RequestAlreadyConcluded,
    RequestAlreadyTaken,
    RequestOfAnotherCustomer,
    RequestStatus,
)
from lana.core.credit.request.entity import CreditRequest, Initialized
from lana.core.credit.request.errors import AmountIsZero
from lana.core.terms import Offer
from lana.lib.es.entity import ALREADY, DONE, Outcome
from lana.lib.money import MOST_CENTS, AmountTooLarge, UsdCents

CUSTOMER, ANN, BOB, PROPOSAL = (UUID(int=n) for n in range(1, 5))
NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
OFFER = Offer(offered=True, min_amount=UsdCents(100), max_amount=UsdCents(500))


def a_request() -> CreditRequest:
    return CreditRequest.born(
        Initialized(
            id=UUID(int=9),
            customer_id=CUSTOMER,
            terms_template_id=UUID(int=8),
            amount=UsdCents(100),
            purpose="a house",
            status=RequestStatus.SUBMITTED,
            public_id="1000",
        )
    )


def concluded() -> list[CreditRequest]:
    requests = [a_request() for _ in range(4)]
    requests[0].propose(CUSTOMER, PROPOSAL)
    requests[1].decline("no")
    requests[2].withdraw()
    requests[3].expire()
    return requests


def test_taking_a_request_puts_it_in_review_once() -> None:
    request = a_request()
    assert request.take(ANN) is DONE
    assert request.take(ANN) is ALREADY
    assert (request.status, request.assigned_to) == (RequestStatus.IN_REVIEW, ANN)


def test_a_request_is_one_persons_at_a_time() -> None:
    request = a_request()
    request.take(ANN)
    with pytest.raises(RequestAlreadyTaken):
        request.take(BOB)


@pytest.mark.parametrize("taken", [False, True])
def test_an_open_request_can_end_in_four_ways(taken: bool) -> None:
    ends: list[Callable[[CreditRequest], Outcome]] = [
        lambda request: request.propose(CUSTOMER, PROPOSAL),
        lambda request: request.decline("no"),
        lambda request: request.withdraw(),
        lambda request: request.expire(),
    ]
    statuses = list[RequestStatus]()
    for end in ends:
        request = a_request()
        if taken:
            request.take(ANN)
        assert end(request) is DONE
        assert end(request) is ALREADY
        assert not request.is_open
        statuses.append(request.status)
    assert statuses == [
        RequestStatus.PROPOSED,
        RequestStatus.DECLINED,
        RequestStatus.WITHDRAWN,
        RequestStatus.EXPIRED,
    ]


@pytest.mark.parametrize("request_", concluded(), ids=lambda request: request.status)
def test_what_is_concluded_stays(request_: CreditRequest) -> None:
    acts = [
        lambda: request_.take(BOB),
        lambda: request_.decline("another reason"),
        lambda: request_.propose(CUSTOMER, UUID(int=77)),
    ]
    if request_.status is not RequestStatus.WITHDRAWN:
        acts.append(request_.withdraw)
    for act in acts:
        with pytest.raises(RequestAlreadyConcluded):
            act()
    assert request_.expire() is ALREADY


def test_a_proposal_answers_a_request_of_its_own_customer() -> None:
    with pytest.raises(RequestOfAnotherCustomer):
        a_request().propose(BOB, PROPOSAL)


def test_a_customer_is_told_why() -> None:
    with pytest.raises(InvalidRequestText):
        a_request().decline("  ")


@pytest.mark.parametrize("amount", [100, 500])
def test_the_bounds_of_a_product_may_be_asked_for(amount: int) -> None:
    Application(amount=UsdCents(amount), purpose="a house").check(OFFER)


@pytest.mark.parametrize("amount", [1, 99, 501])
def test_beyond_the_bounds_is_refused(amount: int) -> None:
    with pytest.raises(AmountOutOfBounds):
        Application(amount=UsdCents(amount), purpose="a house").check(OFFER)


def test_nothing_cannot_be_asked_for() -> None:
    with pytest.raises(AmountIsZero):
        Application(amount=UsdCents(0), purpose="a house").check(Offer(offered=True))


def test_more_than_anybody_has_cannot_be_asked_for() -> None:
    Application(amount=MOST_CENTS, purpose="a house").check(Offer(offered=True))
    with pytest.raises(AmountTooLarge) as refusal:
        Application(amount=UsdCents(MOST_CENTS + 1), purpose="a house").check(Offer(offered=True))
    assert refusal.value.field == "amount"


@pytest.mark.parametrize(
    "wrong", [{"purpose": " "}, {"purpose": "p" * 201}, {"note": "n" * 2001}], ids=["none", "long", "note"]
)
def test_texts_have_their_lengths(wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidRequestText):
        Application(**{"amount": UsdCents(100), "purpose": "a house"} | wrong).check(OFFER)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    "consents",
    [
        (ConsentText(kind="", text_version="1"),),
        (ConsentText(kind="terms", text_version="v" * 101),),
        (ConsentText(kind="terms", text_version="1"), ConsentText(kind="terms", text_version="2")),
        tuple(ConsentText(kind=f"k{n}", text_version="1") for n in range(21)),
    ],
)
def test_consents_name_a_text_each_and_once(consents: tuple[ConsentText, ...]) -> None:
    with pytest.raises(InvalidConsents):
        Application(amount=UsdCents(100), purpose="a house", consents=consents).check(OFFER)
    with pytest.raises(InvalidConsents):
        Draft(consents=consents).check()


def test_consents_are_given_when_the_bank_receives_them() -> None:
    application = Application(
        amount=UsdCents(100), purpose="a house", consents=(ConsentText(kind="terms", text_version="3"),)
    )
    (given,) = application.consents_given(NOON)
    assert (given.kind, given.text_version, given.given_at) == ("terms", "3", NOON)


def test_a_draft_may_be_incomplete() -> None:
    Draft().check()
    Draft(amount=UsdCents(0), purpose="").check()
