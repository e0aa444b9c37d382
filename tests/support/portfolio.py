"""Three loans of equal terms, and what becomes of them at other prices, worked out by hand.

One owes 5,000,000 cents on a bitcoin, one 1,000,000 on half of one, one nothing: at 5,000,000 cents a bitcoin the
first has a CVL of 100, so (1.40 * 5,000,000 - 5,000,000) / 0.40 = 5,000,000 is sold; at 4,000,000 all it has is, and
1,000,000 is missing; at 6,000,000 its CVL is 120, at 7,000,000 it is 140.
"""

from __future__ import annotations

from typing import Any, Final

from tests.support.lending import BITCOIN, Lender, terms
from tests.support.proof import settle
from tests.support.terms import TERMS

NAMED: Final[dict[str, Any]] = TERMS | {"oneTimeFeeRate": 0, "disbursalPolicy": "MULTIPLE_DISBURSAL"}
"""Their terms, as the admin API takes them."""
LOW: Final = 4_000_000
HIGH: Final = 7_000_000
STEPS: Final = 3
OUTLOOK: Final = (
    # price, fully, margin call, liquidation, no collateral, no exposure, satoshis to sell, returned, short
    (4_000_000, 1, 0, 1, 0, 1, 100_000_000, 4_000_000, 1_000_000),
    (5_000_000, 1, 0, 1, 0, 1, 100_000_000, 5_000_000, 0),
    (6_000_000, 1, 1, 0, 0, 1, 0, 0, 0),
    (7_000_000, 2, 0, 0, 0, 1, 0, 0, 0),
)


async def make_portfolio(lender: Lender) -> None:
    await lender.price(7_000_000)
    for drawn, satoshis in ((5_000_000, BITCOIN), (1_000_000, BITCOIN // 2), (0, BITCOIN)):
        line = await lender.active(drawn or 1_000_000, satoshis, terms(fee="0", single=False))
        if drawn:
            await lender.disburse(line.id, drawn)
    await settle(lender.app)
