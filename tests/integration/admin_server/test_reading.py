"""Reading as staff's clients do: lists, histories, the audit, the ledger, streams; without a query per row."""

from __future__ import annotations

from uuid import uuid4

import pytest
import pytest_asyncio

from tests.support.api import ApiClient, Refused
from tests.support.servers import Servers
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVERYTHING = """query ($first: Int!) {
  withdrawals(first: $first) { nodes {
    withdrawalId publicId status amount createdAt reference
    account { balance { settled pending } customer { email status level } }
    approvalProcess { status policy { policyId } rules { __typename } voters { didVote } }
    ledgerTransactions { description entries { entryType amount { ... on UsdAmount { usd } }
      ledgerAccount { name balanceRange { __typename } } } }
  } pageInfo { hasNextPage endCursor } }
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def accounts(bank: Servers) -> list[str]:
    made = [(await bank.new_customer(f"{uuid4().hex}@example.com"))["depositAccountId"] for _ in range(3)]
    for account in made:
        await bank.superuser.do(
            "depositRecord", "deposit { depositId }", depositAccountId=account, amount=100_000
        )
        for _ in range(3):
            await bank.superuser.do(
                "withdrawalInitiate", "withdrawal { status }", depositAccountId=account, amount=100
            )
    return made


async def statements_of(bank: Servers, client: ApiClient, query: str, **variables: object) -> int:
    """The fewest of some tries: the bank's own polls count too where they fall in between."""
    counts: list[int] = []
    for _ in range(5):
        before = bank.app.db.statements
        await client.ask(query, **variables)
        counts.append(bank.app.db.statements - before)
    return min(counts)


async def test_the_number_of_statements_does_not_grow_with_the_page(
    bank: Servers, accounts: list[str]
) -> None:
    few = await statements_of(bank, bank.superuser, EVERYTHING, first=1)
    many = await statements_of(bank, bank.superuser, EVERYTHING, first=9)
    assert many <= few + 1, (few, many)


async def test_pages_follow_each_other_without_gap_or_repeat(bank: Servers, accounts: list[str]) -> None:
    query = """query ($after: String) { withdrawals(first: 4, after: $after) {
      nodes { withdrawalId } pageInfo { hasNextPage endCursor } } }"""
    seen: list[str] = []
    after = None
    for _ in range(10):
        page = (await bank.superuser.ask(query, after=after))["withdrawals"]
        seen += [node["withdrawalId"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(seen) == len(set(seen)) == 9


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("first: -1", "NEGATIVE_FIRST"),
        ('first: 1, after: "x"', "CURSOR_DESTRUCTURE_ERROR"),
        ('first: 1, after: "eyJpZCI6NDJ9"', "CURSOR_DESTRUCTURE_ERROR"),
    ],
)
async def test_bad_pages_are_refused(bank: Servers, arguments: str, code: str) -> None:
    for field in ("withdrawals", "customers", "users", "ledgerEntries", "transactionTemplates"):
        with pytest.raises(Refused) as refusal:
            await bank.superuser.ask(f"{{ {field}({arguments}) {{ nodes {{ __typename }} }} }}")
        assert refusal.value.code == code, (field, refusal.value.error)


async def test_pages_of_nought_and_of_very_many_are_answered(bank: Servers, accounts: list[str]) -> None:
    query = (
        "query ($n: Int!) { withdrawals(first: $n) { nodes { status } pageInfo { hasNextPage endCursor } } }"
    )
    none = (await bank.superuser.ask(query, n=0))["withdrawals"]
    assert none == {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": None}}
    every = (await bank.superuser.ask(query, n=10_000))["withdrawals"]
    assert (len(every["nodes"]), every["pageInfo"]["hasNextPage"]) == (9, False)


async def test_a_nested_query_writes_one_audit_row_per_kind_and_action(
    bank: Servers, accounts: list[str]
) -> None:
    last = (await bank.app.db.fetch("select coalesce(max(id), 0) from audit_entries"))[0][0]
    await bank.superuser.ask("{ users(first: 2) { nodes { email role { name } } } }")
    rows = await bank.app.db.fetch(
        "select action, object from audit_entries where id > %b::int8 and subject = %b::text order by action",
        [last, str(bank.superuser.subject)],
    )
    assert [action for action, _ in rows] == ["access:role:read", "access:user:list"]
    assert rows[1][1] == "access/user/*"


async def test_a_refused_read_is_kept_and_says_the_variant(bank: Servers) -> None:
    blind = await bank.user_with("blind")
    answer = await blind.answer("{ users(first: 2) { nodes { email } } }")
    assert answer["data"] is None
    assert "AuthorizationError - NotAuthorized" in answer["errors"][0]["message"]
    rows = await bank.app.db.fetch(
        "select action, authorized from audit_entries where subject = %b::text", [str(blind.subject)]
    )
    assert rows == [("access:user:list", False)]


async def test_the_history_of_an_entity_hides_ids_and_names_who_did_it(
    bank: Servers, accounts: list[str]
) -> None:
    query = """query ($id: UUID!) { depositAccount(id: $id) { withdrawals { eventHistory(first: 10) {
      nodes { sequence eventType recordedAt payload auditEntryId
        subject { __typename ... on User { email } ... on System { actor } } }
      edges { cursor } pageInfo { hasNextPage } } } } }"""
    account = (await bank.superuser.ask(query, id=accounts[0]))["depositAccount"]
    history = account["withdrawals"][0]["eventHistory"]
    first = history["nodes"][-1]
    assert (first["sequence"], first["eventType"]) == (1, "initialized")
    assert first["subject"] == {"__typename": "User", "email": "superuser@example.com"}
    assert first["auditEntryId"] is not None
    assert first["payload"]["amount"] == 100
    assert not [key for key in first["payload"] if key == "id" or key.endswith("_id")]
    assert history["edges"][-1]["cursor"] == "eyJzZXF1ZW5jZSI6MX0"


async def test_ledger_transactions_say_whose_they_are_and_who_began_them(
    bank: Servers, accounts: list[str]
) -> None:
    query = """{ ledgerTransactionsForTemplateCode(templateCode: "RECORD_DEPOSIT", first: 1) { nodes {
      description effective initiatedBy { ... on User { email } }
      entity { __typename ... on Deposit { amount } }
      entries { entryType direction layer amount { ... on UsdAmount { usd } }
        ledgerAccount { name normalBalanceType isRootAccount code
          entity { __typename } history(first: 1) { nodes { entryType } } } } } } }"""
    (found,) = (await bank.superuser.ask(query))["ledgerTransactionsForTemplateCode"]["nodes"]
    assert found["description"] == "Record a deposit"
    assert found["effective"] == "2026-01-31"
    assert found["initiatedBy"] == {"email": "superuser@example.com"}
    assert found["entity"] == {"__typename": "Deposit", "amount": 100_000}
    debit, credit = found["entries"]
    assert (debit["entryType"], debit["direction"], debit["layer"]) == (
        "RECORD_DEPOSIT_DR",
        "DEBIT",
        "SETTLED",
    )
    assert (credit["entryType"], credit["amount"]) == ("RECORD_DEPOSIT_CR", {"usd": 100_000})
    assert credit["ledgerAccount"]["entity"] == {"__typename": "DepositAccount"}
    assert debit["ledgerAccount"]["entity"] is None


async def test_single_entities_that_are_not_there_are_null(bank: Servers) -> None:
    for field in (
        "user",
        "role",
        "committee",
        "policy",
        "approvalProcess",
        "customer",
        "prospect",
        "deposit",
    ):
        query = f"query ($id: UUID!) {{ {field}(id: $id) {{ __typename }} }}"
        assert await bank.superuser.ask(query, id=str(uuid4())) == {field: None}


async def test_a_stream_answers_each_change_of_its_withdrawal_only(
    bank: Servers, accounts: list[str]
) -> None:
    mine, other = [await pending_confirmation(bank, accounts[0]) for _ in range(2)]
    query = "subscription ($id: UUID!) { withdrawalUpdated(withdrawalId: $id) { withdrawalId status } }"
    watcher = await bank.user_with("watcher", "deposit_viewer")
    async with watcher.listening(query, {"id": mine}) as stream:
        await eventually(lambda: reads_of(bank, watcher, 1), 15)
        assert stream.quiet, "nothing is said at first"
        for withdrawal in (other, mine):
            await bank.superuser.do("withdrawalConfirm", "withdrawal { status }", withdrawalId=withdrawal)
        answer = await stream.next()
        assert answer == {"data": {"withdrawalUpdated": {"withdrawalId": mine, "status": "CONFIRMED"}}}
        assert await reads_of(bank, watcher, 2), "loading again is checked and kept again"


async def pending_confirmation(bank: Servers, account: str) -> str:
    made = await bank.superuser.do(
        "withdrawalInitiate", "withdrawal { withdrawalId }", depositAccountId=account, amount=100
    )
    withdrawal = made["withdrawal"]["withdrawalId"]
    query = "query ($id: UUID!) { withdrawal(id: $id) { status } }"

    async def there() -> bool:
        found = await bank.superuser.ask(query, id=withdrawal)
        return found["withdrawal"]["status"] == "PENDING_CONFIRMATION"

    await eventually(there, 15)
    return withdrawal


async def reads_of(bank: Servers, who: ApiClient, times: int) -> bool:
    rows = await bank.app.db.fetch(
        "select count(*) from audit_entries where subject = %b::text and action = 'deposit:withdrawal:read'",
        [str(who.subject)],
    )
    return rows[0][0] >= times


async def test_a_stream_of_nothing_ends_with_its_reason(bank: Servers) -> None:
    query = f'subscription {{ withdrawalUpdated(withdrawalId: "{uuid4()}") {{ status }} }}'
    frames = await bank.superuser.stream(query)
    assert "Withdrawal not found" in frames
    assert '"code":"NOT_FOUND"' in frames
    assert frames.endswith("event: complete\ndata:\n\n")
