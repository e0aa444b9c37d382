"""Collateral and liquidations as staff sees them: the worked example over the API."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from lana.app import App
from lana.core.credit import Facility
from tests.support.api import Refused
from tests.support.bank import superuser_of
from tests.support.lending import BITCOIN, Lender, terms
from tests.support.servers import Servers

LIQUIDATION = """liquidationId collateralId expectedToReceive initiallyEstimatedToLiquidate sentTotal
  amountReceived completed cancelled sentCollateral { amount ledgerTxId } receivedProceeds { amount ledgerTxId }
  collateral { collateralId amount releaseState walletId account { name }
    creditFacility { creditFacilityId collateralizationState currentCvl { ... on FiniteCvlPct { value } } } }
  eventHistory(first: 10) { nodes { eventType } }"""
CALCULATED = """price toReceive toLiquidate effectiveLiquidationPrice liquidationPremiumPct
  targetCvl { ... on FiniteCvlPct { value } ... on InfiniteCvlPct { isInfinite } }"""


@pytest_asyncio.fixture
async def bank(app: App) -> Servers:
    """Whoever changes something lets the processors run (`settle`)."""
    ((superuser,),) = await app.db.fetch("select id from users")
    return Servers(app, superuser)


@pytest_asyncio.fixture
async def facility(bank: Servers) -> Facility:
    """Under its liquidation threshold."""
    lender = Lender(bank.app, await superuser_of(bank.app))
    await lender.price(7_000_000)
    made = await lender.active(5_000_000, BITCOIN, terms(fee="0"))
    await lender.price(5_200_000)
    return await lender.facility(made.id)


async def every(bank: Servers) -> list[dict[str, Any]]:
    page = await bank.superuser.ask(f"{{ liquidations(first: 5) {{ nodes {{ {LIQUIDATION} }} }} }}")
    return page["liquidations"]["nodes"]


async def only(bank: Servers) -> dict[str, Any]:
    (node,) = await every(bank)
    return node


async def calculate(bank: Servers, liquidation_id: str, **given: object) -> dict[str, Any]:
    query = f"query ($input: LiquidationPaymentCalculateInput!) {{ liquidationPaymentCalculate(input: $input) {{ {CALCULATED} }} }}"
    given = {"liquidationId": liquidation_id, "outstanding": 5_000_000} | given
    return (await bank.superuser.ask(query, input=given))["liquidationPaymentCalculate"]


async def test_the_worked_example_over_the_api(bank: Servers, facility: Facility) -> None:
    started = await only(bank)
    assert (started["expectedToReceive"], started["initiallyEstimatedToLiquidate"]) == (4_500_000, 86_538_462)
    assert started["collateral"]["creditFacility"]["collateralizationState"] == "UNDER_LIQUIDATION_THRESHOLD"
    collateral_id = started["collateralId"]
    sent = await bank.superuser.do(
        "collateralRecordSentToLiquidation",
        "collateral { amount releaseState creditFacility { currentCvl { ... on FiniteCvlPct { value } } } }",
        collateralId=collateral_id,
        amount=86_538_462,
    )
    assert sent["collateral"]["amount"] == 13_461_538
    assert Decimal(sent["collateral"]["creditFacility"]["currentCvl"]["value"]) == 13
    await bank.superuser.do(
        "collateralRecordProceedsFromLiquidation",
        "collateral { collateralId }",
        collateralId=collateral_id,
        amount=4_500_000,
    )
    ended = await only(bank)
    assert (ended["completed"], ended["cancelled"]) == (True, False)
    assert (ended["sentTotal"], ended["amountReceived"]) == (86_538_462, 4_500_000)
    assert [each["amount"] for each in ended["sentCollateral"]] == [86_538_462]
    assert [each["amount"] for each in ended["receivedProceeds"]] == [4_500_000]
    shown = ended["collateral"]["creditFacility"]
    assert shown["collateralizationState"] == "FULLY_COLLATERALIZED"
    assert Decimal(shown["currentCvl"]["value"]) == 139
    assert [each["eventType"] for each in ended["eventHistory"]["nodes"]] == [
        "proceeds_received_and_liquidation_completed",
        "collateral_sent_out",
        "initialized",
    ]
    history = await bank.superuser.ask(
        "query ($id: UUID!) { creditFacility(id: $id) { history { __typename } liquidations { liquidationId } } }",
        id=str(facility.id),
    )
    told = [each["__typename"] for each in history["creditFacility"]["history"]]
    assert {
        "CreditFacilityCollateralSentOut",
        "CreditFacilityRepaymentAmountReceived",
        "CreditFacilityIncrementalPayment",
        "CreditFacilityCollateralUpdated",
        "CreditFacilityCollateralizationUpdated",
    } <= set(told)
    assert history["creditFacility"]["liquidations"] == [{"liquidationId": started["liquidationId"]}]


async def test_the_calculator_answers_the_worked_example_s_figures(bank: Servers, facility: Facility) -> None:
    liquidation_id = (await only(bank))["liquidationId"]
    found = await calculate(bank, liquidation_id, targetCvl="140")
    assert (found["price"], found["toReceive"], found["toLiquidate"]) == (5_200_000, 4_500_000, 86_538_462)
    assert (found["effectiveLiquidationPrice"], Decimal(found["liquidationPremiumPct"])) == (5_200_000, 0)
    found = await calculate(bank, liquidation_id, targetCvl=140, toReceive=4_000_000)
    assert (found["toLiquidate"], found["effectiveLiquidationPrice"]) == (73_076_924, 5_473_685)
    assert str(found["liquidationPremiumPct"]).startswith("5.26317")
    found = await calculate(bank, liquidation_id, targetCvl=140, toLiquidate=80_000_000)
    assert found["toReceive"] == 4_257_143
    found = await calculate(bank, liquidation_id, toReceive=4_000_000, toLiquidate=80_000_000)
    assert Decimal(found["targetCvl"]["value"]) == 104
    found = await calculate(bank, liquidation_id, toReceive=5_000_000, toLiquidate=80_000_000)
    assert found["targetCvl"] == {"isInfinite": True}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"toReceive": 1},
        {"targetCvl": 140, "toReceive": 1, "toLiquidate": 1},
        {"targetCvl": "-1", "toReceive": 1},
    ],
)
async def test_the_calculator_refuses_what_it_cannot_answer(
    bank: Servers, facility: Facility, given: dict[str, object]
) -> None:
    with pytest.raises(Refused) as refused:
        await calculate(bank, (await only(bank))["liquidationId"], **given)
    assert refused.value.code == "INVALID_LIQUIDATION_PAYMENT_CALCULATION_INPUT"


async def test_refusals_have_their_codes(bank: Servers, facility: Facility) -> None:
    ids = {"collateralId": str(facility.collateral_id)}
    liquidation_id = (await only(bank))["liquidationId"]
    send, receive = "collateralRecordSentToLiquidation", "collateralRecordProceedsFromLiquidation"
    for mutation, fields, code in (
        (send, ids | {"amount": BITCOIN + 1}, "AMOUNT_EXCEEDS_COLLATERAL"),
        (receive, ids | {"amount": 0}, "AMOUNT_IS_ZERO"),
        (receive, ids | {"amount": 1}, "NOTHING_SENT_TO_LIQUIDATION"),
        (send, {"collateralId": str(uuid4()), "amount": 1}, "NOT_FOUND"),
    ):
        with pytest.raises(Refused) as refused:
            await bank.superuser.do(mutation, "collateral { collateralId }", **fields)
        assert refused.value.code == code, mutation
    for one, code in (
        (liquidation_id, "LIQUIDATION_NOT_CANCELLABLE"),
        (str(uuid4()), "LIQUIDATION_NOT_FOUND"),
    ):
        with pytest.raises(Refused) as refused:
            await bank.superuser.do("liquidationCancel", "liquidation { cancelled }", liquidationId=one)
        assert refused.value.code == code
    with pytest.raises(Refused) as refused:
        await calculate(bank, str(uuid4()), targetCvl=140)
    assert refused.value.code == "LIQUIDATION_NOT_FOUND"
    unknown = await bank.superuser.ask(
        "query ($id: UUID!) { liquidation(id: $id) { completed } }", id=str(uuid4())
    )
    assert unknown == {"liquidation": None}


async def test_loan_and_account_stay_open_while_coins_are_out(bank: Servers, facility: Facility) -> None:
    staff, lender = bank.superuser, Lender(bank.app, await superuser_of(bank.app))
    ids, amount = {"collateralId": str(facility.collateral_id)}, 1_000_000
    await staff.do("collateralRecordSentToLiquidation", "__typename", **ids, amount=amount)
    await lender.pay(facility.id, facility.amount)
    loan, account = str(facility.id), str(facility.disbursal_credit_account_id)
    for mutation, fields, code in (
        ("creditFacilityComplete", {"creditFacilityId": loan}, "COLLATERAL_IN_LIQUIDATION"),
        ("depositAccountClose", {"depositAccountId": account}, "DEPOSIT_ACCOUNT_CLOSE_PRECONDITION_FAILED"),
    ):
        with pytest.raises(Refused) as refused:
            await staff.do(mutation, "__typename", **fields)
        assert (refused.value.code, refused.value.kind) == (code, "CONFLICT"), mutation
    await staff.do("collateralRecordProceedsFromLiquidation", "__typename", **ids, amount=1)
    found = await staff.do("creditFacilityComplete", "creditFacility { status }", creditFacilityId=loan)
    assert found["creditFacility"] == {"status": "CLOSED"}


async def test_one_is_cancelled_and_tranches_leave_one_open(bank: Servers, facility: Facility) -> None:
    lender = Lender(bank.app, await superuser_of(bank.app))
    await lender.price(6_600_000)
    first = (await only(bank))["liquidationId"]
    cancelled = await bank.superuser.do(
        "liquidationCancel", "liquidation { completed cancelled }", liquidationId=first
    )
    assert cancelled["liquidation"] == {"completed": True, "cancelled": True}
    await lender.price(5_200_000)
    ids = {"collateralId": str(facility.collateral_id)}
    shown = "collateral { amount }"
    await bank.superuser.do("collateralRecordSentToLiquidation", shown, **ids, amount=10_000_000)
    receive = "collateralRecordProceedsFromLiquidation"
    await bank.superuser.do(receive, shown, **ids, amount=100_000, completes=False)
    page = await bank.superuser.ask(
        "{ liquidations(first: 5, sort: {by: AMOUNT_RECEIVED, direction: DESC})"
        " { nodes { completed amountReceived cancelled } } }"
    )
    assert page["liquidations"]["nodes"] == [
        {"completed": False, "amountReceived": 100_000, "cancelled": False},
        {"completed": True, "amountReceived": 0, "cancelled": True},
    ]
    (second,) = {each["liquidationId"] for each in await every(bank)} - {first}
    await bank.superuser.do(receive, shown, **ids, amount=0)
    with pytest.raises(Refused) as refused:
        await bank.superuser.do("liquidationCancel", "__typename", liquidationId=second)
    assert refused.value.code == "LIQUIDATION_NOT_CANCELLABLE"
    ended = next(each for each in await every(bank) if each["liquidationId"] == second)
    assert (ended["completed"], ended["cancelled"], ended["amountReceived"]) == (True, False, 100_000)


async def test_only_who_may_write_credit_acts_on_collateral(bank: Servers, facility: Facility) -> None:
    viewer = await bank.user_with("viewer", "credit_viewer", "CreditViewer")
    await viewer.ask("{ liquidations(first: 1) { nodes { liquidationId } } }")
    for mutation, fields in (
        ("collateralUpdate", {"collateral": 1, "effective": "2026-01-31"}),
        ("collateralRecordSentToLiquidation", {"amount": 1}),
        ("collateralRecordProceedsFromLiquidation", {"amount": 1}),
    ):
        with pytest.raises(Refused) as refused:
            await viewer.do(
                mutation, "collateral { amount }", collateralId=str(facility.collateral_id), **fields
            )
        assert refused.value.code == "NOT_AUTHORIZED", mutation
    writer = await bank.user_with("writer", "CreditWriter", "credit_viewer")
    made = await writer.do(
        "collateralUpdate",
        "collateral { amount }",
        collateralId=str(facility.collateral_id),
        collateral=BITCOIN + 1,
        effective="2026-01-31",
    )
    assert made["collateral"]["amount"] == BITCOIN + 1
