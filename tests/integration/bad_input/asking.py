"""Short ways to ask, and what every refusal must look like."""

from __future__ import annotations

from typing import Any

from lana.lib.errors import Kind
from tests.support.api import ApiClient, Refused

KINDS = {kind.value for kind in Kind} - {Kind.INTERNAL.value}
DEPOSIT = (
    "mutation ($input: DepositRecordInput!) { depositRecord(input: $input) { deposit { depositId amount } } }"
)
WITHDRAW = (
    "mutation ($input: WithdrawalInitiateInput!)"
    " { withdrawalInitiate(input: $input) { withdrawal { withdrawalId amount } } }"
)


def told(error: dict[str, Any]) -> tuple[str, str]:
    """Code and kind of an error that is a refusal: never a fault, never without a code or a sentence."""
    extensions = error["extensions"]
    assert extensions["kind"] in KINDS, error
    assert extensions["code"] not in {"", "INTERNAL", "REFUSAL"}, error
    assert extensions["requestId"], error
    assert error["message"], error
    return extensions["code"], extensions["kind"]


async def refused(client: ApiClient, query: str, variables: object = None, **headers: str) -> tuple[str, str]:
    """Code and kind of the first error; every error is a refusal."""
    answer = await client.answer(query, variables, **headers)
    assert answer.get("errors"), answer
    first, *_ = map(told, answer["errors"])
    return first


async def move(
    client: ApiClient, query: str, account: str, amount: object, **more: object
) -> tuple[str, str]:
    fields = {"depositAccountId": account, "amount": amount, **more}
    return await refused(client, query, {"input": fields})


async def attempt(client: ApiClient, mutation: str, payload: str, **fields: object) -> str:
    """ "done", or the code it was refused with."""
    try:
        await client.do(mutation, payload, **fields)
    except Refused as refusal:
        return told(refusal.error)[0]
    return "done"


async def balance(client: ApiClient, account: str) -> tuple[int, int]:
    document = "query ($id: UUID!) { depositAccount(id: $id) { balance { settled pending } } }"
    found = (await client.ask(document, id=account))["depositAccount"]["balance"]
    return found["settled"], found["pending"]
