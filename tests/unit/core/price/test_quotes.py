"""Which price of a fetch is accepted."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lana.core.domain_config.errors import InvalidState
from lana.core.price import AGE_LIMIT_SECONDS, DEVIATION_LIMIT_PCT, SETTINGS
from lana.core.price.quotes import Judged, Quote, judged, median
from lana.lib.money import INT64_MAX, UsdCents

LIMIT = Decimal(10)
LAST = UsdCents(60_000_00)
prices = st.integers(1, INT64_MAX)


def feed(price: int) -> Quote:
    return Quote(provider="bitfinex", price=UsdCents(price))


def staff(price: int) -> Quote:
    return Quote(provider="manual-price", price=UsdCents(price), by_hand=True)


def judge(*quotes: Quote, last: UsdCents | None = LAST, limit: Decimal = LIMIT) -> Judged:
    return judged(quotes, last, limit)


@pytest.mark.parametrize(("said", "expected"), [([5], 5), ([5, 7], 7), ([9, 5, 7], 7), ([1, 2, 3, 4], 3)])
def test_the_upper_median_is_taken(said: list[int], expected: int) -> None:
    assert median([feed(price) for price in said]).price == expected


def test_a_first_price_is_believed_whatever_it_is() -> None:
    assert judge(feed(1), last=None).accepted == feed(1)


@pytest.mark.parametrize("price", [54_000_00, 60_000_00, 66_000_00])
def test_a_price_within_the_limit_is_accepted(price: int) -> None:
    assert judge(feed(price)) == Judged(accepted=feed(price))


@pytest.mark.parametrize("price", [1, 53_999_99, 66_000_01, 6_000_000_00])
def test_a_single_feed_that_jumps_is_not_believed_and_the_price_stays(price: int) -> None:
    assert judge(feed(price)) == Judged(rejected=feed(price))


def test_two_feeds_that_agree_are_believed_however_far_they_are() -> None:
    assert judge(feed(30_000_00), feed(31_000_00)).accepted == feed(31_000_00)


def test_two_feeds_that_disagree_are_not() -> None:
    assert judge(feed(30_000_00), feed(40_000_00)) == Judged(rejected=feed(40_000_00))


@pytest.mark.parametrize("price", [1, 60_000_00, 6_000_000_00])
def test_what_staff_say_is_accepted_at_once(price: int) -> None:
    assert judge(staff(price)) == Judged(accepted=staff(price))


def test_where_a_feed_is_not_believed_staff_decide() -> None:
    assert judge(feed(48_000_00), staff(40_000_00)) == Judged(
        accepted=staff(40_000_00), rejected=feed(48_000_00)
    )


def test_a_feed_near_what_staff_say_is_believed_again() -> None:
    assert judge(feed(48_000_00), staff(47_000_00)).accepted == feed(48_000_00)
    assert judge(feed(48_000_00), last=UsdCents(47_000_00)).accepted == feed(48_000_00)


def test_of_a_feed_and_staff_who_say_the_same_staff_are_named_because_their_price_does_not_age() -> None:
    assert judge(feed(60_000_00), staff(60_000_00)).accepted == staff(60_000_00)


def test_the_limit_is_exact_to_the_cent_and_to_any_digit() -> None:
    limit = Decimal("0.000000000000000000001")
    last = UsdCents(10**18)
    assert judge(feed(last), last=last, limit=limit).accepted
    assert judge(feed(last + 1), last=last, limit=limit).rejected


def test_the_limits_are_settings_with_their_defaults() -> None:
    assert {setting.key: setting.plain_default for setting in SETTINGS} == {
        "price-age-limit-seconds": 300, "price-deviation-limit-pct": "10",
    }  # fmt: skip
    for wrong in ("-1", "1000.01"):
        with pytest.raises(InvalidState):
            DEVIATION_LIMIT_PCT.read(wrong)
    with pytest.raises(InvalidState, match="at most 2592000 seconds"):
        AGE_LIMIT_SECONDS.read(10**14)


def test_a_limit_of_nothing_accepts_no_change() -> None:
    assert judge(feed(LAST), limit=Decimal(0)).accepted
    assert judge(feed(LAST + 1), limit=Decimal(0)).rejected


@given(said=st.lists(prices, min_size=1, max_size=7), last=prices, by_hand=st.none() | prices)
def test_nothing_is_accepted_that_nobody_said_and_a_lone_jump_never(
    said: list[int], last: int, by_hand: int | None
) -> None:
    quotes = [feed(price) for price in said] + ([staff(by_hand)] if by_hand else [])
    found = judged(quotes, UsdCents(last), LIMIT)
    assert found.accepted is None or found.accepted in quotes
    assert found.accepted or found.rejected
    if len(quotes) == 1 and not by_hand:
        assert (found.accepted is None) == (abs(said[0] - last) * 10 > last)
