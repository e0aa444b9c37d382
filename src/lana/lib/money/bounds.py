"""What one command may name: amounts nobody has never reach the books.

An account's debits and its credits are each summed for ever in 64 bits. A sum that would pass them is refused
(`BALANCE_OVERFLOW`) to everybody whose money goes through that account, so one absurd amount, taken back at
once, would shut it for good. The bounds are far above what exists, and thousands of such commands fit:

| bound | why | fit |
|---|---|---|
| `MOST_SATOSHIS` | all bitcoin there will be | 4,392 |
| `MOST_CENTS` | ten trillion dollars; it fits with a hundred years' interest, too | 9,223 |
| `MOST_CENTS_OF_A_BITCOIN` | a billion dollars: what all bitcoin is worth at it still has 64 bits | |

0 is within all of them: what it means is the caller's to say.
"""

from __future__ import annotations

from typing import Final

from lana.lib.errors import InvalidInput
from lana.lib.money.amount import SATOSHIS_OF_BTC, Satoshis, UsdCents

MOST_SATOSHIS: Final = Satoshis(21_000_000 * SATOSHIS_OF_BTC)
MOST_CENTS: Final = UsdCents(10**15)
MOST_CENTS_OF_A_BITCOIN: Final = UsdCents(10**11)


class AmountTooLarge(InvalidInput):
    """More than one command may name."""

    prefix = "MoneyError"


def require_cents(amount: UsdCents, field: str = "amount") -> None:
    """AmountTooLarge above `MOST_CENTS`."""
    _require(amount, MOST_CENTS, "cents", field)


def require_satoshis(amount: Satoshis, field: str = "amount") -> None:
    """AmountTooLarge above `MOST_SATOSHIS`."""
    _require(amount, MOST_SATOSHIS, "satoshis", field)


def _require(amount: int, most: int, unit: str, field: str) -> None:
    if amount > most:
        raise AmountTooLarge(f"{field} is {amount} {unit}, and takes at most {most}", field=field)
