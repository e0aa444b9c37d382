"""Reading the books: what was posted is found by account, by set, by transaction and by template."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from psycopg_pool import AsyncConnectionPool

import cala_ledger
from cala_ledger import Direction, EntrySpec, NewAccount, NewSet, Param, ParamType, TransactionSpec
from lana.core.accounting import JOURNAL_ID, LedgerReader, TemplateNotFound
from lana.core.accounting import primitives as p
from lana.lib.authz import Authorizer, Ctx, Subject
from lana.lib.errors import NotAuthorized
from lana.lib.pg.page import Page

CHART = UUID(int=77)
ROOT, NODE, MODULE, OMNIBUS, ACCOUNT = (UUID(int=n) for n in range(1, 6))
READER = UUID(int=99)
ALL = [
    p.LEDGER_ACCOUNT_READ,
    p.LEDGER_ACCOUNT_READ_HISTORY,
    p.LEDGER_TRANSACTION_READ,
    p.LEDGER_TRANSACTION_LIST,
    p.TRANSACTION_TEMPLATE_LIST,
    p.JOURNAL_READ_ENTRIES,
]


def leg(kind: str, account: UUID, side: str) -> EntrySpec:
    return EntrySpec(
        entry_type=f"'{kind}'",
        account_id=f"'{account}'",
        layer="SETTLED",
        direction=side,
        amount="params.amount",
        currency="'USD'",
    )


RECORD = cala_ledger.Template(
    code="RECORD_DEPOSIT",
    params=(Param(name="amount", type=ParamType.INTEGER),),
    transaction=TransactionSpec(journal_id=f"'{JOURNAL_ID}'", description="'Record a deposit'"),
    entries=(
        leg("RECORD_DEPOSIT_DR", OMNIBUS, "DEBIT"),
        leg("RECORD_DEPOSIT_CR", ACCOUNT, "CREDIT"),
    ),
)


@pytest_asyncio.fixture
async def ledger(dsn: str) -> AsyncIterator[cala_ledger.Ledger]:
    pool: Any = AsyncConnectionPool(dsn, min_size=1, max_size=4, open=False, kwargs={"autocommit": True})
    async with pool:
        yield cala_ledger.Ledger(pool)


@pytest_asyncio.fixture
async def reader(ledger: cala_ledger.Ledger) -> LedgerReader:
    authz = Authorizer()
    authz.replace({READER: frozenset(str(action) for action in ALL)})
    reader = LedgerReader(authz, ledger)
    await reader.ensure_journal()
    await reader.ensure_journal()
    for set_id, code, name, above in (
        (ROOT, f"{CHART}.2", "Liabilities", ()),
        (NODE, f"{CHART}.21", "Deposits", (ROOT,)),
        (MODULE, "deposit-individual", "Deposit Individual", (NODE,)),
    ):
        await ledger.sets.create(
            NewSet(
                id=set_id,
                journal_id=JOURNAL_ID,
                name=name,
                normal_side=Direction.CREDIT,
                external_id=code,
                sets=above,
            )
        )
    await ledger.accounts.create_many(
        [
            NewAccount(
                id=OMNIBUS, journal_id=JOURNAL_ID, code="omnibus", name="O", normal_side=Direction.DEBIT
            ),
            NewAccount(
                id=ACCOUNT,
                journal_id=JOURNAL_ID,
                code="account",
                name="D",
                normal_side=Direction.CREDIT,
                sets=(MODULE,),
                metadata={"entity_ref": {"entity_type": "DepositAccount", "entity_id": str(ACCOUNT)}},
            ),
        ]
    )
    await ledger.templates.ensure(RECORD)
    return reader


@pytest.fixture
def ctx() -> Ctx:
    return Ctx(subject=Subject.user(READER))


async def record(ledger: cala_ledger.Ledger, amount: int) -> UUID:
    transaction_id = uuid4()
    await ledger.post(
        [
            cala_ledger.TransactionInput(
                id=transaction_id,
                template="RECORD_DEPOSIT",
                params={"amount": amount},
                effective=date(2026, 1, 31),
                metadata={"initiated_by": f"user:{READER}"},
            )
        ]
    )
    return transaction_id


async def test_entries_are_found_newest_first_by_account_and_by_every_set_above(
    reader: LedgerReader, ledger: cala_ledger.Ledger, ctx: Ctx
) -> None:
    for amount in (100, 200, 300):
        await record(ledger, amount)
    for holder in (ACCOUNT, MODULE, NODE, ROOT):
        first = await reader.list_history(ctx, holder, Page(2))
        assert [entry.amount for entry in first.items] == [300, 200]
        assert first.has_next
        rest = await reader.list_history(ctx, holder, Page(2, first.cursors[-1]))
        assert ([entry.amount for entry in rest.items], rest.has_next) == ([100], False)
    assert len((await reader.list_entries(ctx, Page(10))).items) == 6


async def test_balances_roll_up_to_every_set(
    reader: LedgerReader, ledger: cala_ledger.Ledger, ctx: Ctx
) -> None:
    await record(ledger, 100)
    balances = await reader.find_many_balances(ctx, [ACCOUNT, ROOT, OMNIBUS])
    assert balances[ACCOUNT]["USD"].settled.net(Direction.CREDIT) == 100
    assert balances[ROOT]["USD"].settled.net(Direction.CREDIT) == 100
    assert balances[OMNIBUS]["USD"].settled.net(Direction.DEBIT) == 100


async def test_transactions_keep_entries_description_and_initiator(
    reader: LedgerReader, ledger: cala_ledger.Ledger, ctx: Ctx
) -> None:
    first, second = await record(ledger, 1), await record(ledger, 2)
    found = await reader.maybe_find_transaction(ctx, first)
    assert found is not None
    assert found.description == "Record a deposit"
    assert [entry.entry_type for entry in found.entries] == ["RECORD_DEPOSIT_DR", "RECORD_DEPOSIT_CR"]
    assert await reader.maybe_find_transaction(ctx, uuid4()) is None
    of_template = await reader.list_transactions_of_template(ctx, "RECORD_DEPOSIT", Page(10))
    assert [transaction.id for transaction in of_template.items] == [first, second]
    with pytest.raises(TemplateNotFound):
        await reader.list_transactions_of_template(ctx, "NOPE", Page(10))
    assert (await reader.list_templates(ctx, Page(10))).items == ["RECORD_DEPOSIT"]


async def test_the_chart_above_is_nearest_first_and_children_see_through_uncoded_sets(
    reader: LedgerReader, ctx: Ctx
) -> None:
    above = await reader.find_many_ancestors(ctx, [ACCOUNT, NODE, ROOT])
    assert [node.id for node in above[ACCOUNT]] == [NODE, ROOT]
    assert [node.id for node in above[NODE]] == [ROOT]
    assert above[ROOT] == []
    below = await reader.find_many_children(ctx, [ROOT, NODE])
    assert [one.id for one in below[ROOT]] == [NODE]
    assert [one.id for one in below[NODE]] == [ACCOUNT]


async def test_every_read_needs_its_permission_and_says_so_in_the_audit(reader: LedgerReader) -> None:
    stranger = Ctx(subject=Subject.user(uuid4()))
    for read in (
        reader.maybe_find_account(stranger, ACCOUNT),
        reader.find_many_accounts(stranger, [ACCOUNT]),
        reader.find_many_balances(stranger, [ACCOUNT]),
        reader.find_many_ancestors(stranger, [ACCOUNT]),
        reader.find_many_children(stranger, [ROOT]),
        reader.list_history(stranger, ACCOUNT, Page(1)),
        reader.list_entries(stranger, Page(1)),
        reader.maybe_find_transaction(stranger, uuid4()),
        reader.find_many_transactions(stranger, [uuid4()]),
        reader.list_transactions_of_template(stranger, "RECORD_DEPOSIT", Page(1)),
        reader.list_templates(stranger, Page(1)),
    ):
        with pytest.raises(NotAuthorized):
            await read
    assert {(str(check.action), check.authorized) for check in stranger.take_reads()} == {
        (str(action), False) for action in ALL
    }
