"""Amounts, ids, days and prices that no loan can have."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final
from uuid import uuid4

import pytest
import pytest_asyncio

from lana.lib.money import MOST_CENTS, MOST_SATOSHIS
from tests.integration.bad_input.asking import attempt, refused
from tests.integration.bad_input.test_money import NO_AMOUNTS
from tests.integration.security.world import make_world
from tests.support.api import ApiClient, Refused
from tests.support.proof import no_effect, settle
from tests.support.servers import Servers
from tests.support.terms import TERMS

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("untouched")]

LARGEST: Final = 2**63 - 1
AMOUNTS: Final = {
    "creditFacilityProposalCreate": "facility",
    "creditFacilityDisbursalInitiate": "amount",
    "creditFacilityPartialPaymentRecord": "amount",
    "creditFacilityPartialPaymentWithDateRecord": "amount",
    "collateralUpdate": "collateral",
    "collateralRecordSentToLiquidation": "amount",
    "collateralRecordProceedsFromLiquidation": "amount",
}
COMMAND: Final = "mutation ($input: %(input)s!) { %(name)s(input: $input) { __typename } }"
UNKNOWN: Final = {"NOT_FOUND", "CAN_NOT_CREATE_PROPOSAL_FOR_CLOSED_OR_FROZEN_ACCOUNT"}
# nothing held and nothing sent are amounts like others
ZERO_IS_ONE: Final = {"collateralUpdate", "collateralRecordSentToLiquidation"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(bank: Servers) -> dict[str, Any]:
    made = await make_world(bank, "ann@example.com")
    await settle(bank.app)
    return made


@pytest_asyncio.fixture(loop_scope="module")
async def untouched(bank: Servers, world: dict[str, Any]) -> AsyncIterator[None]:
    assert world
    async with no_effect(bank.app.db):
        yield


def fields_of(mutation: str, world: dict[str, Any], amount: object) -> dict[str, Any]:
    facility = {"creditFacilityId": world["creditFacilityId"]}
    collateral = {"collateralId": world["collateralId"]}
    more: dict[str, dict[str, Any]] = {
        "creditFacilityProposalCreate": {
            "customerId": world["customerId"],
            "custodianId": world["custodianId"],
            "terms": TERMS,
        },
        "creditFacilityDisbursalInitiate": facility,
        "creditFacilityPartialPaymentRecord": facility,
        "creditFacilityPartialPaymentWithDateRecord": facility | {"effective": "2026-01-31"},
        "collateralUpdate": collateral | {"effective": "2026-01-31"},
        "collateralRecordSentToLiquidation": collateral,
        "collateralRecordProceedsFromLiquidation": collateral,
    }
    return more[mutation] | {AMOUNTS[mutation]: amount}


@pytest.mark.parametrize(
    ("mutation", "amount"),
    [(name, amount) for name in AMOUNTS for amount in NO_AMOUNTS if amount != 0 or name not in ZERO_IS_ONE],
    ids=repr,
)
async def test_an_amount_is_a_positive_integer_of_64_bits(
    staff: ApiClient, world: dict[str, Any], mutation: str, amount: object
) -> None:
    query = COMMAND % {"name": mutation, "input": f"{mutation[0].upper()}{mutation[1:]}Input"}
    _, kind = await refused(staff, query, {"input": fields_of(mutation, world, amount)})
    # whether the loan may be drawn at all is looked at before how much
    comes_late = amount == 0 and mutation == "creditFacilityDisbursalInitiate"
    assert kind == ("CONFLICT" if comes_late else "VALIDATION")


# refused for another reason first, or for what there is
BOUNDED_OTHERWISE: Final = {
    "creditFacilityDisbursalInitiate",
    "creditFacilityPartialPaymentRecord",
    "creditFacilityPartialPaymentWithDateRecord",
    "collateralRecordSentToLiquidation",
}


@pytest.mark.parametrize("mutation", sorted(AMOUNTS.keys() - BOUNDED_OTHERWISE))
@pytest.mark.parametrize("beyond", [1, None], ids=["one more", "the largest"])
async def test_an_amount_nobody_has_is_refused_before_it_reaches_the_books(
    staff: ApiClient, world: dict[str, Any], mutation: str, beyond: int | None
) -> None:
    most = MOST_SATOSHIS if mutation == "collateralUpdate" else MOST_CENTS
    fields = fields_of(mutation, world, most + beyond if beyond else LARGEST)
    with pytest.raises(Refused) as refused:
        await staff.do(mutation, "__typename", **fields)
    assert (refused.value.code, refused.value.kind) == ("AMOUNT_TOO_LARGE", "VALIDATION")
    assert refused.value.error["extensions"]["field"] == AMOUNTS[mutation]


@pytest.mark.parametrize(
    "mutation", [each for each in AMOUNTS if each not in {"creditFacilityProposalCreate", "collateralUpdate"}]
)
@pytest.mark.parametrize("amount", [LARGEST, LARGEST // 2])
async def test_more_than_there_is_is_refused(
    staff: ApiClient, world: dict[str, Any], mutation: str, amount: int
) -> None:
    assert await attempt(staff, mutation, "__typename", **fields_of(mutation, world, amount)) != "done"


@pytest.mark.parametrize("mutation", AMOUNTS)
async def test_on_what_is_not_there_nothing_is_done(
    staff: ApiClient, world: dict[str, Any], mutation: str
) -> None:
    fields = fields_of(mutation, world, 1)
    for name in (each for each in fields if each.endswith("Id")):
        for wrong in (str(uuid4()), world["policyId"], world["depositAccountId"]):
            outcome = await attempt(staff, mutation, "__typename", **(fields | {name: wrong}))
            assert outcome in UNKNOWN, (name, outcome)


@pytest.mark.parametrize("effective", ["0001-01-01", "2020-02-29"])
async def test_nothing_is_paid_before_the_loan_was_there(
    staff: ApiClient, world: dict[str, Any], effective: str
) -> None:
    mutation = "creditFacilityPartialPaymentWithDateRecord"
    fields = fields_of(mutation, world, 1) | {"effective": effective}
    outcome = await attempt(staff, mutation, "__typename", **fields)
    assert outcome == "PAYMENT_BEFORE_FACILITY_ACTIVATION"


STRESS: Final = (
    "query ($prices: [UsdCents!], $range: PriceRangeInput)"
    " { portfolioStress(prices: $prices, range: $range) { facilities } }"
)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"prices": []},
        {"prices": [0]},
        {"prices": [-1]},
        {"prices": [2**63]},
        {"prices": [1] * 20_002},
        {"prices": [1], "range": {"low": 1, "high": 2, "steps": 1}},
        {"range": {"low": 0, "high": 2, "steps": 1}},
        {"range": {"low": 2, "high": 1, "steps": 1}},
        {"range": {"low": 1, "high": 2, "steps": 0}},
        {"range": {"low": 1, "high": 2, "steps": -1}},
        {"range": {"low": 1, "high": LARGEST, "steps": 2**31 - 1}},
        {"range": {"low": 1, "high": 2**63, "steps": 1}},
    ],
    ids=lambda asked: repr(asked)[:60],
)
async def test_prices_no_portfolio_is_looked_at_with(staff: ApiClient, asked: dict[str, Any]) -> None:
    assert (await refused(staff, STRESS, asked))[1] == "VALIDATION"


@pytest.mark.parametrize("price", [1, LARGEST])
async def test_the_least_and_the_largest_price_are_answered(staff: ApiClient, price: int) -> None:
    found = await staff.ask(STRESS, prices=[price], range=None)
    assert sum(each["facilities"] for each in found["portfolioStress"]) > 0


CALCULATE: Final = (
    "query ($input: LiquidationPaymentCalculateInput!)"
    " { liquidationPaymentCalculate(input: $input) { toReceive toLiquidate targetCvl { __typename } } }"
)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"toReceive": 1},
        {"toReceive": 1, "toLiquidate": 1, "targetCvl": 140},
        {"toReceive": 5_000_001, "targetCvl": 140},
        {"toLiquidate": LARGEST, "targetCvl": 140},
        {"targetCvl": -1},
        {"targetCvl": 100},
        {"targetCvl": 0},
        {"targetCvl": "100.01", "outstanding": LARGEST},
        {"targetCvl": "100.00000000000000000000001", "outstanding": LARGEST},
    ],
    ids=repr,
)
async def test_what_no_liquidation_can_bring(
    staff: ApiClient, world: dict[str, Any], given: dict[str, Any]
) -> None:
    fields = {"liquidationId": world["liquidationId"], "outstanding": 5_000_000} | given
    assert (await refused(staff, CALCULATE, {"input": fields}))[1] == "VALIDATION"


@pytest.mark.parametrize(
    "given",
    [
        {"toReceive": 0, "toLiquidate": 0},
        {"toReceive": 5_000_000, "toLiquidate": 0},
        {"toReceive": 0, "targetCvl": 0},
        {"toLiquidate": 1, "targetCvl": 0},
        {"toReceive": 0, "targetCvl": "0.00000001", "outstanding": LARGEST},
        {"toReceive": LARGEST, "targetCvl": "1e20", "outstanding": LARGEST},
        {"targetCvl": "1e20"},
        {"targetCvl": 140, "outstanding": 0},
    ],
    ids=repr,
)
async def test_the_outermost_a_liquidation_can_bring_is_worked_out(
    staff: ApiClient, world: dict[str, Any], given: dict[str, Any]
) -> None:
    fields = {"liquidationId": world["liquidationId"], "outstanding": 5_000_000} | given
    found = (await staff.ask(CALCULATE, input=fields))["liquidationPaymentCalculate"]
    assert 0 <= found["toReceive"] <= LARGEST
    assert 0 <= found["toLiquidate"] <= LARGEST


HISTORY: Final = (
    "query ($from: Timestamp!, $until: Timestamp!, $interval: PriceInterval!)"
    " { priceHistory(from: $from, until: $until, interval: $interval) { at } }"
)


async def test_windows_of_prices(staff: ApiClient) -> None:
    first, last = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"
    for window, interval in (((first, last), "DAY"), (("2026-01-01T00:00:00Z", last), "MINUTE")):
        asked = {"from": window[0], "until": window[1], "interval": interval}
        assert (await refused(staff, HISTORY, asked))[0] == "WINDOW_TOO_WIDE"
    for since, until in ((last, first), (first, first), (last, last)):
        found = await staff.ask(HISTORY, **{"from": since, "until": until, "interval": "DAY"})
        assert found == {"priceHistory": []}


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"bitfinex": {"name": "x"}, "manualPrice": {"usdCentsPerBtc": 1}},
        {"bitfinex": {"name": ""}},
        {"bitfinex": {"name": "x" * 100_000}},
        *(
            {"manualPrice": {"usdCentsPerBtc": cents}}
            for cents in (-1, -(2**31), 2**31, 2**63, 1.5, "1", None)
        ),
    ],
    ids=lambda config: repr(config)[:60],
)
async def test_configurations_no_price_provider_has(
    staff: ApiClient, world: dict[str, Any], config: dict[str, Any]
) -> None:
    page = await staff.ask("{ priceProviders(first: 10) { nodes { priceProviderId } } }")
    for one in page["priceProviders"]["nodes"]:
        fields = {"priceProviderId": one["priceProviderId"], "config": config}
        assert await attempt(staff, "priceProviderConfigUpdate", "__typename", **fields) != "done"


async def test_papers_of_what_is_not_there(staff: ApiClient, world: dict[str, Any]) -> None:
    for nothing in (str(uuid4()), world["policyId"], world["customerId"]):
        for mutation, kind, field in (
            ("Generate", "Generate", "creditFacilityId"),
            ("DownloadLinkGenerate", "DownloadLinksGenerate", "creditFacilityAgreementId"),
        ):
            names = {
                "name": f"creditFacilityAgreement{mutation}",
                "input": f"CreditFacilityAgreement{kind}Input",
            }
            assert (await refused(staff, COMMAND % names, {"input": {field: nothing}}))[1] == "NOT_FOUND"
        for query in ("creditFacilityAgreement", "customerDocument"):
            asked = f"query ($id: UUID!) {{ {query}(id: $id) {{ __typename }} }}"
            assert await staff.ask(asked, id=nothing) == {query: None}
