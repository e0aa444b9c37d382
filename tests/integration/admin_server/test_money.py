"""Deposits and withdrawals as staff's clients send them, good and bad."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.support.api import ApiClient, Refused
from tests.support.servers import Servers
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

BALANCE = "query ($id: UUID!) { depositAccount(id: $id) { status balance { settled pending } } }"
STATUS = "query ($id: UUID!) { withdrawal(id: $id) { status approvalProcess { status voters { didVote } } } }"


@pytest_asyncio.fixture(loop_scope="module")
async def account(bank: Servers) -> str:
    return (await bank.new_customer(f"{uuid4().hex}@example.com"))["depositAccountId"]


@pytest_asyncio.fixture(loop_scope="module")
async def staff(bank: Servers) -> ApiClient:
    return bank.superuser


async def deposit(staff: ApiClient, account: str, amount: object, **more: object) -> dict[str, str]:
    made = await staff.do(
        "depositRecord",
        "deposit { depositId status reference }",
        depositAccountId=account,
        amount=amount,
        **more,
    )
    return made["deposit"]


async def withdraw(staff: ApiClient, account: str, amount: object) -> dict[str, str]:
    made = await staff.do(
        "withdrawalInitiate", "withdrawal { withdrawalId status }", depositAccountId=account, amount=amount
    )
    return made["withdrawal"]


async def balance(staff: ApiClient, account: str) -> tuple[int, int]:
    found = (await staff.ask(BALANCE, id=account))["depositAccount"]["balance"]
    return found["settled"], found["pending"]


async def becomes(staff: ApiClient, withdrawal: str, status: str) -> None:
    async def there() -> bool:
        return (await staff.ask(STATUS, id=withdrawal))["withdrawal"]["status"] == status

    await eventually(there, 15)


async def code_of(attempt: object) -> str:
    with pytest.raises(Refused) as refusal:
        await attempt  # pyright: ignore[reportGeneralTypeIssues]
    return refusal.value.code


async def test_an_auto_approved_withdrawal_is_pending_until_its_process_concluded(
    staff: ApiClient, account: str
) -> None:
    await deposit(staff, account, 100_000)
    made = await staff.do(
        "withdrawalInitiate",
        "withdrawal { withdrawalId status approvalProcess { status userCanSubmitDecision voters { didVote } } }",
        depositAccountId=account,
        amount=30_000,
    )
    withdrawal = made["withdrawal"]
    assert withdrawal["status"] == "PENDING_APPROVAL"
    assert withdrawal["approvalProcess"] == {
        "status": "APPROVED",
        "userCanSubmitDecision": False,
        "voters": [],
    }
    assert await balance(staff, account) == (70_000, 30_000)
    await becomes(staff, withdrawal["withdrawalId"], "PENDING_CONFIRMATION")
    await staff.do("withdrawalConfirm", "withdrawal { status }", withdrawalId=withdrawal["withdrawalId"])
    assert await balance(staff, account) == (70_000, 0)


async def test_cancelling_again_releases_nothing_more(staff: ApiClient, account: str) -> None:
    await deposit(staff, account, 100)
    made = await withdraw(staff, account, 60)
    await becomes(staff, made["withdrawalId"], "PENDING_CONFIRMATION")
    await staff.do("withdrawalCancel", "withdrawal { status }", withdrawalId=made["withdrawalId"])
    again = await staff.answer(
        "mutation ($input: WithdrawalCancelInput!)"
        " { withdrawalCancel(input: $input) { withdrawal { status } } }",
        {"input": {"withdrawalId": made["withdrawalId"]}},
    )
    assert again["data"] is None or again["data"]["withdrawalCancel"]["withdrawal"]["status"] == "CANCELLED"
    assert await balance(staff, account) == (100, 0)


@pytest.mark.parametrize("amount", [0, -1, 2**63, 2**70, 1.0, 1.5, "100", True, None, [1]])
async def test_an_amount_is_a_positive_whole_number_of_64_bits(
    staff: ApiClient, account: str, amount: object
) -> None:
    for attempt in (deposit(staff, account, amount), withdraw(staff, account, amount)):
        with pytest.raises(Refused) as refusal:
            await attempt
        assert refusal.value.kind == "VALIDATION", refusal.value.error
    assert await balance(staff, account) == (0, 0)


async def test_amounts_written_into_the_document_are_as_strict(staff: ApiClient, account: str) -> None:
    for literal in ("0", "-5", "9223372036854775808", "1.0", '"1"', "1e3", "true"):
        query = (
            f'mutation {{ depositRecord(input: {{depositAccountId: "{account}", amount: {literal}}})'
            " { deposit { depositId } } }"
        )
        answer = await staff.answer(query)
        assert answer["errors"][0]["extensions"]["kind"] == "VALIDATION", (literal, answer)
    assert await balance(staff, account) == (0, 0)


async def test_ids_of_nothing_and_of_other_kinds_are_not_found(
    bank: Servers, staff: ApiClient, account: str
) -> None:
    customer = (await bank.new_customer(f"{uuid4().hex}@example.com"))["customerId"]
    for wrong in (str(uuid4()), customer):
        with pytest.raises(Refused) as refusal:
            await deposit(staff, wrong, 100)
        assert refusal.value.kind == "NOT_FOUND", refusal.value.error
        assert (await staff.ask(BALANCE, id=wrong))["depositAccount"] is None


async def test_more_than_the_balance_is_refused_whoever_comes_first(staff: ApiClient, account: str) -> None:
    await deposit(staff, account, 1_000)
    attempts = await asyncio.gather(
        *(withdraw(staff, account, 100) for _ in range(50)), return_exceptions=True
    )
    done = [one for one in attempts if isinstance(one, dict)]
    refused = [one for one in attempts if isinstance(one, Refused)]
    assert (len(done), len(refused)) == (10, 40), attempts
    assert {one.code for one in refused} == {"VELOCITY_LIMIT_EXCEEDED"}
    assert await balance(staff, account) == (0, 1_000)


async def test_a_reference_is_used_once(staff: ApiClient, account: str) -> None:
    reference = uuid4().hex
    await deposit(staff, account, 100, reference=reference)
    with pytest.raises(Refused) as refusal:
        await deposit(staff, account, 100, reference=reference)
    assert refusal.value.kind == "CONFLICT"
    assert await balance(staff, account) == (100, 0)


async def test_a_repeated_key_answers_the_first_outcome_and_does_nothing_twice(
    staff: ApiClient, account: str
) -> None:
    query = "mutation ($input: DepositRecordInput!) { depositRecord(input: $input) { deposit { depositId amount } } }"
    key = {"Idempotency-Key": str(uuid4())}
    variables = {"input": {"depositAccountId": account, "amount": 100}}
    first = await staff.answer(query, variables, **key)
    assert first["data"]["depositRecord"]["deposit"]["amount"] == 100
    assert await staff.answer(query, variables, **key) == first
    variables["input"]["amount"] = 200
    other = await staff.answer(query, variables, **key)
    assert other["errors"][0]["extensions"]["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert await balance(staff, account) == (100, 0)


async def test_a_repeated_key_answers_the_first_refusal_too(staff: ApiClient, account: str) -> None:
    query = (
        "mutation ($input: WithdrawalInitiateInput!)"
        " { withdrawalInitiate(input: $input) { withdrawal { withdrawalId } } }"
    )
    key = {"Idempotency-Key": uuid4().hex}
    variables = {"input": {"depositAccountId": account, "amount": 100}}
    first = (await staff.answer(query, variables, **key))["errors"][0]["extensions"]["code"]
    await deposit(staff, account, 1_000)
    again = (await staff.answer(query, variables, **key))["errors"][0]["extensions"]["code"]
    assert first == again == "VELOCITY_LIMIT_EXCEEDED"
    assert await balance(staff, account) == (1_000, 0)


async def test_two_mutations_of_one_document_are_two_commands(staff: ApiClient, account: str) -> None:
    query = """mutation ($input: DepositRecordInput!) {
      depositRecord(input: $input) { deposit { depositId } }
      again: depositRecord(input: $input) { deposit { depositId } }
    }"""
    variables = {"input": {"depositAccountId": account, "amount": 100}}
    key = {"Idempotency-Key": uuid4().hex}
    answer = (await staff.answer(query, variables, **key))["data"]
    assert answer["depositRecord"] != answer["again"]
    assert (await staff.answer(query, variables, **key))["data"] == answer
    assert await balance(staff, account) == (200, 0)


async def test_a_frozen_account_takes_and_gives_nothing(staff: ApiClient, account: str) -> None:
    await deposit(staff, account, 100)
    await staff.do("depositAccountFreeze", "depositAccount { status }", depositAccountId=account)
    for attempt in (deposit(staff, account, 100), withdraw(staff, account, 100)):
        assert await code_of(attempt) == "DEPOSIT_ACCOUNT_FROZEN"
    await staff.do("depositAccountUnfreeze", "depositAccount { status }", depositAccountId=account)
    assert await balance(staff, account) == (100, 0)


async def test_a_customer_has_one_account(bank: Servers, staff: ApiClient) -> None:
    customer = (await bank.new_customer(f"{uuid4().hex}@example.com"))["customerId"]
    with pytest.raises(Refused) as refusal:
        await staff.do("depositAccountCreate", "depositAccount { publicId }", customerId=customer)
    assert refusal.value.kind == "CONFLICT"
