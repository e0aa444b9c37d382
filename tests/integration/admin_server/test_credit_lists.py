"""Lists of credit by every sort, in both directions: in order, and without a lost or doubled row whatever the page."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
import pytest_asyncio

from tests.integration.security.world import lender_of
from tests.support.lending import BITCOIN, Lender, terms
from tests.support.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

RATIO = "currentCvl { ... on FiniteCvlPct { value } ... on InfiniteCvlPct { isInfinite } }"
LISTS = {
    ("creditFacilities", "CreditFacilitiesSort", "creditFacilityId"): {
        "CREATED_AT": "createdAt",
        "CVL": RATIO,
    },
    ("creditFacilityProposals", "CreditFacilityProposalsSort", "creditFacilityProposalId"): {
        "CREATED_AT": "createdAt",
        "FACILITY_AMOUNT": "facilityAmount",
    },
    ("pendingCreditFacilities", "PendingCreditFacilitiesSort", "pendingCreditFacilityId"): {
        "CREATED_AT": "createdAt",
        "FACILITY_AMOUNT": "facilityAmount",
    },
    ("disbursals", "DisbursalsSort", "creditFacilityDisbursalId"): {
        "CREATED_AT": "createdAt",
        "AMOUNT": "amount",
    },
    ("liquidations", "LiquidationsSort", "liquidationId"): {
        "CREATED_AT": "createdAt",
        "EXPECTED_TO_RECEIVE": "expectedToReceive",
        "AMOUNT_RECEIVED": "amountReceived",
        "SENT_TOTAL": "sentTotal",
    },
}
CASES = [(*of, by, value) for of, sorts in LISTS.items() for by, value in sorts.items()]
LOANS = (
    # what is drawn, satoshis: two of one ratio, two infinite, two that are liquidated below, one between
    *((100_000, BITCOIN), (200_000, 2 * BITCOIN), (0, BITCOIN), (0, 2 * BITCOIN)),
    *((5_000_000, BITCOIN), (5_000_000, BITCOIN), (300_000, BITCOIN)),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lent(bank: Servers) -> Lender:
    lender = await lender_of(bank)
    await lender.price(7_000_000)
    for drawn, satoshis in LOANS:
        line = await lender.active(drawn or 100_000, satoshis, terms(fee="0", single=False))
        if drawn:
            await lender.disburse(line.id, drawn)
    await bank.settle()
    await lender.price(5_200_000)
    await bank.settle()
    return lender


def ranked(value: Any) -> float:
    """Infinite is the largest."""
    if isinstance(value, dict):
        return float(value.get("value", "inf"))
    return value


async def rows_of(bank: Servers, case: Sequence[str], direction: str, size: int) -> list[tuple[str, Any]]:
    """Every row, page after page: its id, and what it is sorted by."""
    name, kind, key, by, value = case
    query = (
        f"query ($sort: {kind}!, $first: Int!, $after: String) {{ {name}(first: $first, after: $after, sort: $sort)"
        f" {{ nodes {{ {key} sorted: {value} }} pageInfo {{ hasNextPage endCursor }} }} }}"
    )
    rows: list[tuple[str, Any]] = []
    after, more = None, True
    while more:
        given = {"first": size, "after": after, "sort": {"by": by, "direction": direction}}
        page = (await bank.superuser.ask(query, **given))[name]
        assert len(page["nodes"]) <= size
        rows += [(node[key], ranked(node["sorted"])) for node in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        assert len(rows) <= len(LOANS)
    return rows


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[3]}")
async def test_every_row_comes_once_and_in_order_whatever_the_page(
    bank: Servers, lent: Lender, case: Sequence[str]
) -> None:
    up, down = [await rows_of(bank, case, direction, 100) for direction in ("ASC", "DESC")]
    assert up == down[::-1]
    assert len({row[0] for row in up}) == len(up) >= 2
    assert all(before[1] <= after[1] for before, after in pairwise(up))
    for size in range(1, len(up) + 1):
        assert await rows_of(bank, case, "ASC", size) == up, size
        assert await rows_of(bank, case, "DESC", size) == down, size


async def test_ratios_are_in_order_and_what_owes_nothing_is_the_largest(bank: Servers, lent: Lender) -> None:
    case = ("creditFacilities", "CreditFacilitiesSort", "creditFacilityId", "CVL", RATIO)
    infinite = float("inf")
    found = [row[1] for row in await rows_of(bank, case, "ASC", 3)]
    # 5,200,000 cents a bitcoin on 5,000,000, on 300,000, on 100,000
    assert found == [104, 104, 1_733, 5_200, 5_200, infinite, infinite]
