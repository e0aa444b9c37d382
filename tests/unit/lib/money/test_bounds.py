"""What one command may name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lana.lib.errors import Kind
from lana.lib.money import (
    INT64_MAX,
    MOST_CENTS,
    MOST_CENTS_OF_A_BITCOIN,
    MOST_SATOSHIS,
    AmountTooLarge,
    require_cents,
    require_satoshis,
    value_of,
)

BOUNDS: list[tuple[Callable[[Any, str], None], int]] = [
    (require_cents, MOST_CENTS),
    (require_satoshis, MOST_SATOSHIS),
]


@pytest.mark.parametrize(("require", "most"), BOUNDS)
def test_the_most_is_taken_and_one_more_is_not(require: Callable[[Any, str], None], most: int) -> None:
    require(0, "total")
    require(most, "total")
    for amount in (most + 1, INT64_MAX):
        with pytest.raises(AmountTooLarge) as refused:
            require(amount, "total")
        refusal = refused.value
        assert (refusal.code, refusal.kind, refusal.field) == ("AMOUNT_TOO_LARGE", Kind.VALIDATION, "total")


def test_thousands_of_the_largest_fit_an_account() -> None:
    assert INT64_MAX // MOST_SATOSHIS == 4_392
    assert INT64_MAX // MOST_CENTS == 9_223


def test_all_bitcoin_at_the_largest_price_is_an_amount() -> None:
    assert value_of(MOST_SATOSHIS, MOST_CENTS_OF_A_BITCOIN) == 21 * 10**17
