"""Accounts, deposits and withdrawals as staff sees them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.support.api import Refused
from tests.support.servers import Servers, open_servers
from tests.support.waiting import eventually

ACCOUNT = """
query ($id: UUID!) { depositAccount(id: $id) {
  depositAccountId publicId customerId status activity createdAt
  customer { customerId email depositAccount { depositAccountId } }
  balance { settled pending frozen }
  deposits { depositId } withdrawals { withdrawalId status }
  ledgerAccounts { depositAccount { name normalBalanceType } frozenDepositAccount { name } }
  history(first: 20) { nodes { __typename
    ... on DepositEntry { recordedAt deposit { amount } }
    ... on WithdrawalEntry { withdrawal { withdrawalId } }
    ... on CancelledWithdrawalEntry { withdrawal { withdrawalId status } }
    ... on FreezeEntry { amount ledgerTransactionId }
    ... on UnfreezeEntry { amount }
    ... on UnknownEntry { ledgerTransactionId } } pageInfo { hasNextPage } }
  eventHistory(first: 10) { nodes { eventType payload subject { __typename } } } } }
"""
WITHDRAWAL = """
withdrawal { withdrawalId publicId accountId amount reference status approvalProcessId
  approvalProcess { status voters { didVote } userCanSubmitDecision }
  account { depositAccountId } ledgerTransactions { ledgerTransactionId description entries { entryType } } }
"""


@pytest_asyncio.fixture
async def bank(dsn: str) -> AsyncIterator[Servers]:
    async with open_servers(dsn) as servers:
        await servers.allow_manual_conversion()
        yield servers


async def record(bank: Servers, account_id: str, cents: object, **more: object) -> dict[str, Any]:
    made = await bank.superuser.do(
        "depositRecord",
        "deposit { depositId publicId status reference amount }",
        depositAccountId=account_id,
        amount=cents,
        **more,
    )
    return made["deposit"]


async def test_a_withdrawal_under_auto_approval_as_the_page_shows_it(bank: Servers) -> None:
    ids = await bank.new_customer("ann@example.com")
    account_id = ids["depositAccountId"]
    deposit = await record(bank, account_id, 1_000_00, reference="wire 1")
    assert (deposit["status"], deposit["reference"], deposit["amount"]) == ("CONFIRMED", "wire 1", 1_000_00)

    made = await bank.superuser.do(
        "withdrawalInitiate", WITHDRAWAL, depositAccountId=account_id, amount=300_00
    )
    withdrawal = made["withdrawal"]
    assert withdrawal["status"] == "PENDING_APPROVAL"
    assert withdrawal["approvalProcess"] == {
        "status": "APPROVED",
        "voters": [],
        "userCanSubmitDecision": False,
    }
    assert withdrawal["reference"] == withdrawal["withdrawalId"] == withdrawal["approvalProcessId"]
    assert [e["entryType"] for e in withdrawal["ledgerTransactions"][0]["entries"]] == [
        "INITIATE_WITHDRAW_SETTLED_CR",
        "INITIATE_WITHDRAW_SETTLED_DR",
        "INITIATE_WITHDRAW_PENDING_DR",
        "INITIATE_WITHDRAW_PENDING_CR",
    ]

    async def approved() -> bool:
        found = await bank.superuser.ask(
            "query ($id: UUID!) { withdrawal(id: $id) { status } }", id=withdrawal["withdrawalId"]
        )
        return found["withdrawal"]["status"] == "PENDING_CONFIRMATION"

    await eventually(approved, 15)
    cancelled = await bank.superuser.do(
        "withdrawalCancel", "withdrawal { status }", withdrawalId=withdrawal["withdrawalId"]
    )
    assert cancelled["withdrawal"]["status"] == "CANCELLED"
    await bank.superuser.do("depositAccountFreeze", "depositAccount { status }", depositAccountId=account_id)

    account = (await bank.superuser.ask(ACCOUNT, id=account_id))["depositAccount"]
    assert (account["status"], account["activity"]) == ("FROZEN", "ACTIVE")
    assert account["balance"] == {"settled": 0, "pending": 0, "frozen": 1_000_00}
    assert account["customer"]["email"] == "ann@example.com"
    assert account["customer"]["depositAccount"] == {"depositAccountId": account_id}
    assert account["ledgerAccounts"]["depositAccount"] == {
        "name": f"Deposit Account {ids['customerId']}",
        "normalBalanceType": "CREDIT",
    }
    history = account["history"]["nodes"]
    assert [entry["__typename"] for entry in history] == [
        "FreezeEntry",
        "CancelledWithdrawalEntry",
        "WithdrawalEntry",
        "DepositEntry",
    ]
    assert history[1]["withdrawal"] == {"withdrawalId": withdrawal["withdrawalId"], "status": "CANCELLED"}
    assert history[3]["deposit"] == {"amount": 1_000_00}
    events = account["eventHistory"]["nodes"]
    assert [event["eventType"] for event in events] == ["frozen", "initialized"]
    assert events[0]["subject"] == {"__typename": "User"}
    assert events[0]["payload"] == {"status": "frozen", "reason": "account"}


@pytest.mark.parametrize(
    ("cents", "kind"),
    [(0, "VALIDATION"), (-1, "VALIDATION"), (2**63, "VALIDATION"), (1.5, "VALIDATION"), ("5", "VALIDATION")],
)
async def test_an_amount_that_is_none_is_refused_with_a_code(bank: Servers, cents: object, kind: str) -> None:
    account_id = (await bank.new_customer("ann@example.com"))["depositAccountId"]
    for mutation, payload in (("depositRecord", "deposit"), ("withdrawalInitiate", "withdrawal")):
        with pytest.raises(Refused) as refused:
            await bank.superuser.do(
                mutation, f"{payload} {{ status }}", depositAccountId=account_id, amount=cents
            )
        assert refused.value.kind == kind
        assert refused.value.code


async def test_refusals_carry_their_codes(bank: Servers) -> None:
    account_id = (await bank.new_customer("ann@example.com"))["depositAccountId"]
    await record(bank, account_id, 100, reference="wire 1")
    cases: list[tuple[str, dict[str, object], str, str]] = [
        (
            "depositRecord",
            {"depositAccountId": account_id, "amount": 1, "reference": "wire 1"},
            "CONSTRAINT_VIOLATION",
            "CONFLICT",
        ),
        ("depositRecord", {"depositAccountId": str(uuid4()), "amount": 1}, "NOT_FOUND", "NOT_FOUND"),
        (
            "withdrawalInitiate",
            {"depositAccountId": account_id, "amount": 101},
            "VELOCITY_LIMIT_EXCEEDED",
            "CONFLICT",
        ),
        ("depositAccountClose", {"depositAccountId": account_id}, "BALANCE_IS_NOT_ZERO", "CONFLICT"),
    ]
    for mutation, fields, code, kind in cases:
        with pytest.raises(Refused) as refused:
            await bank.superuser.do(mutation, "__typename", **fields)
        assert (refused.value.code, refused.value.kind) == (code, kind)


async def test_lists_sort_by_amount_and_public_id_and_filter_by_status(bank: Servers) -> None:
    account_id = (await bank.new_customer("ann@example.com"))["depositAccountId"]
    made = [await record(bank, account_id, cents) for cents in (300, 100, 200)]
    await bank.superuser.do("depositRevert", "deposit { status }", depositId=made[1]["depositId"])

    async def amounts(arguments: str) -> list[int]:
        found = await bank.superuser.ask(f"{{ deposits(first: 10, {arguments}) {{ nodes {{ amount }} }} }}")
        return [node["amount"] for node in found["deposits"]["nodes"]]

    assert await amounts("sort: {by: AMOUNT, direction: ASC}") == [100, 200, 300]
    assert await amounts("sort: {by: PUBLIC_ID, direction: DESC}") == [200, 100, 300]
    assert await amounts("sort: null") == [200, 100, 300]
    assert await amounts("filter: {status: REVERTED}") == [100]
    first = await bank.superuser.ask(
        "{ deposits(first: 2, sort: {by: AMOUNT, direction: DESC}) { nodes { amount } pageInfo { endCursor hasNextPage } } }"
    )
    page = first["deposits"]["pageInfo"]
    assert page["hasNextPage"]
    rest = await bank.superuser.ask(
        "query ($after: String) { deposits(first: 2, after: $after, sort: {by: AMOUNT, direction: DESC})"
        " { nodes { amount } } }",
        after=page["endCursor"],
    )
    assert [n["amount"] for n in first["deposits"]["nodes"] + rest["deposits"]["nodes"]] == [300, 200, 100]
    with pytest.raises(Refused) as refused:
        await bank.superuser.ask(
            "query ($after: String) { deposits(first: 2, after: $after) { nodes { amount } } }",
            after=page["endCursor"],
        )
    assert refused.value.kind == "VALIDATION"


async def test_a_public_id_leads_to_its_object(bank: Servers) -> None:
    ids = await bank.new_customer("ann@example.com")
    deposit = await record(bank, ids["depositAccountId"], 100)
    document = "query ($id: PublicId!) { publicIdTarget(id: $id) { __typename } }"
    assert (await bank.superuser.ask(document, id="1000"))["publicIdTarget"] == {"__typename": "Customer"}
    assert (await bank.superuser.ask(document, id=deposit["publicId"]))["publicIdTarget"] == {
        "__typename": "Deposit"
    }
    for unknown in ("999", "abc", "1" * 40):
        assert (await bank.superuser.ask(document, id=unknown))["publicIdTarget"] is None
    by_number = await bank.superuser.ask(
        "query ($id: PublicId!) { depositByPublicId(id: $id) { depositId } }", id=deposit["publicId"]
    )
    assert by_number["depositByPublicId"] == {"depositId": deposit["depositId"]}


async def test_what_has_no_domain_yet_is_null_or_empty(bank: Servers) -> None:
    ids = await bank.new_customer("ann@example.com")
    answer = await bank.superuser.ask(
        "query ($id: UUID!) { depositAccountConfig { chartOfAccountsId } customerDocument(id: $id) { filename }"
        " customer(id: $id) { documents { filename } creditFacilities { publicId } creditFacilityProposals { status }"
        " pendingCreditFacilities { status } personalInfo { firstName } userCanCreateCreditFacility } }",
        id=ids["customerId"],
    )
    assert answer == {
        "depositAccountConfig": None,
        "customerDocument": None,
        "customer": {
            "documents": [],
            "creditFacilities": [],
            "creditFacilityProposals": [],
            "pendingCreditFacilities": [],
            "personalInfo": None,
            "userCanCreateCreditFacility": True,
        },
    }


async def test_accounts_of_a_list_are_loaded_together(bank: Servers) -> None:
    document = (
        "{ depositAccounts(first: 10) { nodes { balance { settled } customer { email }"
        " deposits { amount account { publicId } } withdrawals { status } } } }"
    )
    for name in ("ann", "bob"):
        account_id = (await bank.new_customer(f"{name}@example.com"))["depositAccountId"]
        await record(bank, account_id, 100)

    async def once() -> int:
        before = bank.app.db.statements
        await bank.superuser.ask(document)
        return bank.app.db.statements - before

    async def statements() -> int:
        """The bank's own polls count too where they fall in between: the fewest of some tries."""
        return min([await once() for _ in range(5)])

    for_two = await statements()
    for name in ("cat", "dan", "eve"):
        account_id = (await bank.new_customer(f"{name}@example.com"))["depositAccountId"]
        await record(bank, account_id, 100)
    assert await statements() <= for_two
