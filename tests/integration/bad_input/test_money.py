"""Amounts, ids and states that make a movement of money impossible."""

from __future__ import annotations

import asyncio
from collections import Counter
from uuid import uuid4

import pytest

from lana.lib.money import MOST_CENTS, bounds
from tests.integration.bad_input.asking import DEPOSIT, WITHDRAW, attempt, balance, move, refused
from tests.support.api import ApiClient
from tests.support.proof import no_effect, settle
from tests.support.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

MUTATIONS = [DEPOSIT, WITHDRAW]
NO_AMOUNTS = [0, -1, 2**63, 2**64, 10**40, 1.0, 1.5, 1e300, "1", "", True, None, [1], {"cents": 1}]
NO_LITERALS = ["0", "-1", "9223372036854775808", "1.0", "1e3", '"1"', "true", "null", "[1]", "{a: 1}", "$x"]


@pytest.mark.parametrize("mutation", MUTATIONS)
@pytest.mark.parametrize("amount", NO_AMOUNTS, ids=repr)
@pytest.mark.usefixtures("nothing_done")
async def test_an_amount_is_a_positive_integer_of_64_bits(
    staff: ApiClient, account: str, mutation: str, amount: object
) -> None:
    _, kind = await move(staff, mutation, account, amount)
    assert kind == "VALIDATION"


@pytest.mark.parametrize("mutation", ["depositRecord", "withdrawalInitiate"])
@pytest.mark.parametrize("literal", NO_LITERALS)
@pytest.mark.usefixtures("nothing_done")
async def test_an_amount_in_the_document_is_no_less_strict(
    staff: ApiClient, account: str, mutation: str, literal: str
) -> None:
    fields = f'depositAccountId: "{account}", amount: {literal}'
    _, kind = await refused(staff, f"mutation {{ {mutation}(input: {{ {fields} }}) {{ __typename }} }}")
    assert kind == "VALIDATION"


@pytest.mark.parametrize("mutation", MUTATIONS)
@pytest.mark.parametrize("amount", [MOST_CENTS + 1, 2**62, 2**63 - 1])
@pytest.mark.usefixtures("nothing_done")
async def test_an_amount_nobody_has_is_refused_before_it_reaches_the_books(
    staff: ApiClient, account: str, mutation: str, amount: int
) -> None:
    assert await move(staff, mutation, account, amount) == ("AMOUNT_TOO_LARGE", "VALIDATION")


async def test_books_never_grow_beyond_64_bits_and_others_in_the_batch_do_not_suffer(
    bank: Servers, staff: ApiClient, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bank's own accounts hold the sum of all: of two such deposits only one fits."""
    largest = 2**62
    monkeypatch.setattr(bounds, "MOST_CENTS", 2**63 - 1)
    other = (await bank.new_customer(f"{uuid4().hex}@example.com"))["depositAccountId"]
    outcomes = await asyncio.gather(
        *(
            attempt(staff, "depositRecord", "__typename", depositAccountId=to, amount=amount)
            for to, amount in [(account, largest), (other, largest)] + [(account, 1), (other, 1)] * 5
        )
    )
    assert sorted(outcomes[:2]) == ["BALANCE_OVERFLOW", "done"]
    assert outcomes[2:] == ["done"] * 10
    async with no_effect(bank.app.db):
        assert (await move(staff, DEPOSIT, account, 2**63 - 1))[1] == "CONFLICT"
    held = [await balance(staff, one) for one in (account, other)]
    assert sorted(held) == [(5, 0), (largest + 5, 0)]
    winner = (account, other)[outcomes.index("done")]
    await give_back(staff, winner, largest)


async def give_back(staff: ApiClient, account: str, amount: int) -> None:
    """For the other tests' deposits go through the same books."""
    document = "query ($id: UUID!) { depositAccount(id: $id) { deposits { depositId amount } } }"
    deposits = (await staff.ask(document, id=account))["depositAccount"]["deposits"]
    (deposit,) = [one["depositId"] for one in deposits if one["amount"] == amount]
    await staff.do("depositRevert", "__typename", depositId=deposit)


@pytest.mark.parametrize("mutation", MUTATIONS)
@pytest.mark.usefixtures("nothing_done")
async def test_where_an_account_belongs_nothing_else_is_taken(
    bank: Servers, staff: ApiClient, account: str, mutation: str
) -> None:
    document = "query ($id: UUID!) { depositAccount(id: $id) { customerId } }"
    customer = (await staff.ask(document, id=account))["depositAccount"]["customerId"]
    for wrong in (str(uuid4()), customer, "00000000-0000-0000-0000-000000000000"):
        assert await move(staff, mutation, wrong, 100) == ("NOT_FOUND", "NOT_FOUND")
        assert (await staff.ask(document, id=wrong))["depositAccount"] is None
    for no_id in ("", "x", account[:-1], account.replace("-", ""), f"{{{account}}}", 7, None, [account]):
        _, kind = await refused(staff, mutation, {"input": {"depositAccountId": no_id, "amount": 100}})
        assert kind == "VALIDATION", no_id


@pytest.mark.usefixtures("nothing_done")
async def test_a_second_account_is_refused(staff: ApiClient, account: str) -> None:
    document = "query ($id: UUID!) { depositAccount(id: $id) { customerId } }"
    customer = (await staff.ask(document, id=account))["depositAccount"]["customerId"]
    outcome = await attempt(staff, "depositAccountCreate", "__typename", customerId=customer)
    assert outcome == "DEPOSIT_ACCOUNT_ALREADY_EXISTS"
    for nobody in (str(uuid4()), account):
        assert await attempt(staff, "depositAccountCreate", "__typename", customerId=nobody) == "NOT_FOUND"


async def test_of_fifty_withdrawals_at_once_exactly_those_that_fit_succeed(
    bank: Servers, staff: ApiClient, account: str
) -> None:
    await staff.do("depositRecord", "__typename", depositAccountId=account, amount=1_234)
    async with no_effect(bank.app.db):
        assert (await move(staff, WITHDRAW, account, 1_235))[0] == "VELOCITY_LIMIT_EXCEEDED"
    outcomes = await asyncio.gather(
        *(
            attempt(staff, "withdrawalInitiate", "__typename", depositAccountId=account, amount=100)
            for _ in range(50)
        )
    )
    assert Counter(outcomes) == {"done": 12, "VELOCITY_LIMIT_EXCEEDED": 38}
    assert await balance(staff, account) == (34, 1_200)


async def test_nothing_moves_on_a_frozen_account(bank: Servers, staff: ApiClient, account: str) -> None:
    made = await staff.do("depositRecord", "deposit { depositId }", depositAccountId=account, amount=300)
    pending = await staff.do(
        "withdrawalInitiate", "withdrawal { withdrawalId }", depositAccountId=account, amount=100
    )
    await settle(bank.app)
    await staff.do("depositAccountFreeze", "__typename", depositAccountId=account)
    await settle(bank.app)
    movement = {"depositAccountId": account, "amount": 1}
    withdrawal = {"withdrawalId": pending["withdrawal"]["withdrawalId"]}
    async with no_effect(bank.app.db):
        for mutation, fields, code in (
            ("depositRecord", movement, "DEPOSIT_ACCOUNT_FROZEN"),
            ("withdrawalInitiate", movement, "DEPOSIT_ACCOUNT_FROZEN"),
            ("depositRevert", {"depositId": made["deposit"]["depositId"]}, "DEPOSIT_ACCOUNT_FROZEN"),
            ("withdrawalConfirm", withdrawal, "DEPOSIT_ACCOUNT_FROZEN"),
            ("withdrawalCancel", withdrawal, "DEPOSIT_ACCOUNT_FROZEN"),
            ("withdrawalRevert", withdrawal, "DEPOSIT_ACCOUNT_FROZEN"),
            ("depositAccountClose", {"depositAccountId": account}, "BALANCE_IS_NOT_ZERO"),
        ):
            assert await attempt(staff, mutation, "__typename", **fields) == code, mutation


async def test_nothing_moves_on_a_closed_account_or_with_a_closed_customer(
    bank: Servers, staff: ApiClient
) -> None:
    ids = await bank.new_customer(f"{uuid4().hex}@example.com")
    account, customer = ids["depositAccountId"], ids["customerId"]
    assert await attempt(staff, "customerClose", "__typename", customerId=customer) != "done"
    await staff.do("depositAccountClose", "__typename", depositAccountId=account)
    await staff.do("customerClose", "__typename", customerId=customer)
    await settle(bank.app)
    movement = {"depositAccountId": account, "amount": 1}
    async with no_effect(bank.app.db):
        for mutation, fields, codes in (
            ("depositRecord", movement, {"DEPOSIT_ACCOUNT_CLOSED"}),
            ("withdrawalInitiate", movement, {"DEPOSIT_ACCOUNT_CLOSED"}),
            ("depositAccountFreeze", {"depositAccountId": account}, {"CANNOT_UPDATE_CLOSED_ACCOUNT"}),
            ("depositAccountCreate", {"customerId": customer}, None),
            ("customerFreeze", {"customerId": customer}, None),
            ("customerUnfreeze", {"customerId": customer}, None),
        ):
            outcome = await attempt(staff, mutation, "__typename", **fields)
            assert outcome in codes if codes else outcome != "done", mutation


async def test_a_reference_is_refused_a_second_time(bank: Servers, staff: ApiClient, account: str) -> None:
    reference = uuid4().hex
    more = {"depositAccountId": account, "amount": 100, "reference": reference}
    assert await attempt(staff, "depositRecord", "__typename", **more) == "done"
    assert await attempt(staff, "withdrawalInitiate", "__typename", **more) == "done"
    async with no_effect(bank.app.db):
        for mutation in ("depositRecord", "withdrawalInitiate"):
            assert await attempt(staff, mutation, "__typename", **more) == "CONSTRAINT_VIOLATION"
    at_once = await asyncio.gather(
        *(
            attempt(staff, "depositRecord", "__typename", **(more | {"reference": f"{reference} again"}))
            for _ in range(20)
        )
    )
    assert Counter(at_once) == {"done": 1, "CONSTRAINT_VIOLATION": 19}
