"""Keys that come again: with the same content, with other content, one after the other and all at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.bad_input.asking import DEPOSIT, WITHDRAW, balance, told
from tests.support.api import ApiClient
from tests.support.proof import no_effect
from tests.support.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

REUSED = ("IDEMPOTENCY_KEY_REUSED", "CONFLICT")


async def send(client: ApiClient, query: str, account: str, amount: int, key: str, **more: object) -> Any:
    """The answer's data, or code and kind of its first error."""
    fields = {"depositAccountId": account, "amount": amount, **more}
    answer = await client.answer(query, {"input": fields}, **{"Idempotency-Key": key})
    return told(answer["errors"][0]) if answer.get("errors") else answer["data"]


async def test_the_same_again_is_the_first_answer_and_no_second_effect(
    bank: Servers, staff: ApiClient, account: str
) -> None:
    key = uuid4().hex
    first = await send(staff, DEPOSIT, account, 100, key)
    async with no_effect(bank.app.db):
        for _ in range(3):
            assert await send(staff, DEPOSIT, account, 100, key) == first
    assert await balance(staff, account) == (100, 0)


async def test_other_content_or_another_operation_under_a_known_key_is_refused(
    bank: Servers, staff: ApiClient, account: str
) -> None:
    key = uuid4().hex
    other = (await bank.new_customer(f"{uuid4().hex}@example.com"))["depositAccountId"]
    await send(staff, DEPOSIT, account, 100, key)
    async with no_effect(bank.app.db):
        assert await send(staff, DEPOSIT, account, 101, key) == REUSED
        assert await send(staff, DEPOSIT, other, 100, key) == REUSED
        assert await send(staff, DEPOSIT, account, 100, key, reference="a wire") == REUSED
        renamed = WITHDRAW.replace("withdrawalInitiate(", "depositRecord: withdrawalInitiate(")
        assert await send(staff, renamed, account, 100, key) == REUSED


async def test_the_same_key_a_hundred_times_at_once_is_one_deposit(staff: ApiClient, account: str) -> None:
    key = uuid4().hex
    answers = await asyncio.gather(*(send(staff, DEPOSIT, account, 100, key) for _ in range(100)))
    assert len({str(answer) for answer in answers}) == 1
    assert await balance(staff, account) == (100, 0)


async def test_one_key_with_many_contents_at_once_does_one_of_them(staff: ApiClient, account: str) -> None:
    key = uuid4().hex
    answers = await asyncio.gather(
        *(send(staff, DEPOSIT, account, amount, key) for amount in range(1, 21) for _ in range(2))
    )
    done = {str(answer): answer for answer in answers if answer != REUSED}
    assert len(done) == 1
    (winner,) = done.values()
    assert Counter(answer == REUSED for answer in answers) == {True: 38, False: 2}
    assert await balance(staff, account) == (winner["depositRecord"]["deposit"]["amount"], 0)


async def test_a_refusal_under_a_key_stays_refused_even_when_all_come_at_once(
    bank: Servers, staff: ApiClient, account: str
) -> None:
    key = uuid4().hex
    async with no_effect(bank.app.db):
        answers = await asyncio.gather(*(send(staff, WITHDRAW, account, 100, key) for _ in range(20)))
    assert set(answers) == {("VELOCITY_LIMIT_EXCEEDED", "CONFLICT")}
    await send(staff, DEPOSIT, account, 1_000, uuid4().hex)
    async with no_effect(bank.app.db):
        assert await send(staff, WITHDRAW, account, 100, key) == answers[0]
    assert await balance(staff, account) == (1_000, 0)


async def test_a_key_is_its_subjects_own(bank: Servers, staff: ApiClient, account: str) -> None:
    colleague = await bank.user_with(
        f"cashier-{uuid4().hex[:8]}", "deposit_writer", "deposit_viewer", "customer_viewer"
    )
    key = uuid4().hex
    first = await send(staff, DEPOSIT, account, 100, key)
    second = await send(colleague, DEPOSIT, account, 100, key)
    assert first["depositRecord"]["deposit"]["depositId"] != second["depositRecord"]["deposit"]["depositId"]
    assert await balance(staff, account) == (200, 0)


@pytest.mark.parametrize("key", ["", " ", "x" * 65, "a b", "\t", "schlüssel", "a,\x7f"])
@pytest.mark.usefixtures("nothing_done")
async def test_a_key_that_is_none_is_refused_before_anything_is_done(
    staff: ApiClient, account: str, key: str
) -> None:
    body = {"query": DEPOSIT, "variables": {"input": {"depositAccountId": account, "amount": 1}}}
    response = await staff._http.post("/graphql", json=body, headers={"Idempotency-Key": key.encode()})
    assert told(response.json()["errors"][0]) == ("INVALID_IDEMPOTENCY_KEY", "VALIDATION")


@pytest.mark.usefixtures("nothing_done")
async def test_two_keys_on_one_request_are_refused(staff: ApiClient, account: str) -> None:
    body = {"query": DEPOSIT, "variables": {"input": {"depositAccountId": account, "amount": 1}}}
    headers = [("Idempotency-Key", "one"), ("Idempotency-Key", "two")]
    response = await staff._http.post("/graphql", json=body, headers=headers)
    assert told(response.json()["errors"][0]) == ("INVALID_IDEMPOTENCY_KEY", "VALIDATION")
