"""What the end of a day says of accounts: used, not used for long, forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from cala_ledger.entries import _NEWEST  # pyright: ignore[reportPrivateUsage]
from cala_ledger.wire import TextArray, UuidArray
from lana.core.deposit import Activity, DepositAccount, DepositActivity, activity
from lana.core.deposit.account.repo import _NOT_ESCHEATABLE  # pyright: ignore[reportPrivateUsage]
from lana.core.deposit.config import ESCHEATABLE_DAYS, INACTIVE_DAYS
from lana.core.deposit.history import NO_USE
from lana.core.domain_config.errors import NotAbove
from lana.lib.authz import Ctx
from lana.lib.closing import Closing, PageDone
from lana.lib.es.entity import Outcome
from lana.lib.pg.database import Database
from tests.support.branch import Branch
from tests.support.clock import FixedTime
from tests.support.proof import no_effect

DAY = timedelta(days=1)
YEAR, TEN_YEARS = 365 * DAY, 3650 * DAY
TICK = timedelta(microseconds=1)
NOTHING = PageDone(None, 0, [])


def step(bank: Branch) -> DepositActivity:
    return DepositActivity(bank.db, bank.commands, bank.books, bank.configured.settings)


async def evaluate(bank: Branch, at: datetime) -> PageDone:
    return await step(bank).page(Closing(at.date(), at, "UTC"), None)


async def activity_of(bank: Branch, account_id: UUID) -> Activity:
    found = await bank.accounts.repo.peek(account_id)
    assert found is not None
    return found.activity


async def told(bank: Branch, account_id: UUID) -> list[object]:
    """The activities of its events, oldest first."""
    events = await bank.accounts.repo.events(account_id, limit=100)
    return [each.data["activity"] for each in reversed(events) if each.event_type == "activity_updated"]


async def test_the_first_evaluation_is_told_and_the_second_writes_nothing(
    bank: Branch, time: FixedTime
) -> None:
    account = await bank.account()
    assert (await evaluate(bank, time.at)).done == 1
    assert await told(bank, account.id) == ["active"]
    async with no_effect(bank.db):
        assert await evaluate(bank, time.at) == NOTHING
        assert await evaluate(bank, time.at + YEAR) == NOTHING


async def test_an_account_never_used_counts_from_its_creation(bank: Branch, time: FixedTime) -> None:
    account = await bank.account()
    await evaluate(bank, time.at + YEAR)
    assert await activity_of(bank, account.id) is Activity.ACTIVE
    await evaluate(bank, time.at + YEAR + TICK)
    assert await activity_of(bank, account.id) is Activity.INACTIVE
    await evaluate(bank, time.at + TEN_YEARS + TICK)
    assert await told(bank, account.id) == ["active", "inactive", "escheatable"]


async def test_a_deposit_makes_it_active_at_the_following_evaluation(bank: Branch, time: FixedTime) -> None:
    account = await bank.account(cents=100)
    time.advance(2 * YEAR)
    await evaluate(bank, time.at)
    assert await activity_of(bank, account.id) is Activity.INACTIVE
    await bank.record(account.id, 100)
    assert await activity_of(bank, account.id) is Activity.INACTIVE
    await evaluate(bank, time.at)
    assert await told(bank, account.id) == ["inactive", "active"]
    await evaluate(bank, time.at + YEAR)
    assert await activity_of(bank, account.id) is Activity.ACTIVE, "from the newest entry, not the first"


async def test_what_is_escheatable_stays_so(bank: Branch, time: FixedTime) -> None:
    account = await bank.account(cents=100)
    time.advance(TEN_YEARS + TICK)
    await evaluate(bank, time.at)
    await bank.record(account.id, 100)
    async with no_effect(bank.db):
        assert await evaluate(bank, time.at + DAY) == NOTHING
    assert await told(bank, account.id) == ["escheatable"]


async def test_days_missed_judge_by_what_is_known_now(bank: Branch, time: FixedTime) -> None:
    account = await bank.account(cents=100)
    opened = time.at
    time.advance(2 * TEN_YEARS)
    await bank.record(account.id, 100)
    await evaluate(bank, opened + TEN_YEARS + DAY)
    assert await activity_of(bank, account.id) is Activity.ACTIVE


async def test_a_freeze_and_its_end_are_no_use_and_a_frozen_account_is_judged(
    bank: Branch, time: FixedTime
) -> None:
    account, frozen = await bank.account(cents=100), await bank.account(cents=100)
    time.advance(YEAR)
    for each in (account, frozen):
        await bank.freeze(each.id)
    time.advance(TICK)
    await bank.unfreeze(account.id)
    await evaluate(bank, time.at)
    assert await activity_of(bank, account.id) is Activity.INACTIVE
    assert await activity_of(bank, frozen.id) is Activity.INACTIVE


async def test_a_withdrawal_is_use_when_initiated_and_not_when_confirmed(
    bank: Branch, time: FixedTime
) -> None:
    account = await bank.account(cents=100)
    time.advance(DAY)
    withdrawal = await bank.approved(account.id, 100)
    initiated = time.at
    time.advance(DAY)
    await bank.confirm(withdrawal.id)
    await evaluate(bank, initiated + YEAR)
    assert await activity_of(bank, account.id) is Activity.ACTIVE
    await evaluate(bank, initiated + YEAR + TICK)
    assert await activity_of(bank, account.id) is Activity.INACTIVE


async def test_a_closed_account_is_judged_like_any_other(bank: Branch, time: FixedTime) -> None:
    account = await bank.account()
    await bank.close(account.id)
    await evaluate(bank, time.at + YEAR + TICK)
    assert await activity_of(bank, account.id) is Activity.INACTIVE


async def test_one_that_fails_is_listed_the_others_go_on_and_the_next_run_does_it(
    bank: Branch, time: FixedTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = [await bank.account() for _ in range(5)]
    stuck, whole = accounts[3].id, DepositAccount.update_activity

    def update(account: DepositAccount, new: Activity) -> Outcome:
        if account.id == stuck:
            raise ZeroDivisionError("a fault")
        return whole(account, new)

    with monkeypatch.context() as patched:
        patched.setattr(DepositAccount, "update_activity", update)
        found = await evaluate(bank, time.at)
    assert [(each.item, each.error) for each in found.failures] == [
        (str(stuck), "ZeroDivisionError: a fault")
    ]
    assert [len(await told(bank, each.id)) for each in accounts] == [1, 1, 1, 0, 1]
    assert (await evaluate(bank, time.at + DAY)).done == 1
    assert await told(bank, stuck) == ["active"]


async def test_pages_follow_each_other_and_one_done_twice_does_nothing(
    bank: Branch, time: FixedTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "PAGE", 2)
    accounts = [await bank.account() for _ in range(5)]
    closing, cursor, counts = Closing(time.at.date(), time.at, "UTC"), None, list[int]()
    for _ in range(4):
        page = await step(bank).page(closing, cursor)
        async with no_effect(bank.db):
            again = await step(bank).page(closing, cursor)
        assert (again.cursor, again.done) == (page.cursor, 0)
        counts.append(page.done)
        cursor = page.cursor
        if cursor is None:
            break
    assert counts == [2, 2, 1]
    assert [await told(bank, each.id) for each in accounts] == [["active"]] * 5


async def test_an_account_another_command_changes_meanwhile_is_judged_all_the_same(
    bank: Branch, time: FixedTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await bank.account(cents=100)
    last_used, frozen = bank.books.last_used, list[UUID]()

    async def meanwhile(ids: list[UUID]) -> object:
        if not frozen:
            frozen.append(account.id)
            await bank.freeze(account.id)
        return await last_used(ids)

    monkeypatch.setattr(bank.books, "last_used", meanwhile)
    assert (await evaluate(bank, time.at + YEAR + TICK)).done == 1
    assert frozen
    assert await told(bank, account.id) == ["inactive"]


@pytest.mark.parametrize(("key", "days"), [(INACTIVE_DAYS.key, 3650), (ESCHEATABLE_DAYS.key, 365)])
async def test_thresholds_that_would_meet_are_refused(bank: Branch, key: str, days: int) -> None:
    verb = bank.configured.configs.set_by_key
    with pytest.raises(NotAbove, match=f"must be greater than {INACTIVE_DAYS.key}"):
        await bank.commands.run(Ctx.system("test"), verb, key, days)
    await bank.configured.settings.refresh()
    assert (bank.configured.settings.get(INACTIVE_DAYS), bank.configured.settings.get(ESCHEATABLE_DAYS)) == (
        365,
        3650,
    )


# --- what it costs ------------------------------------------------------------------------------------------

MANY = 20_000
_ACCOUNTS = """
insert into deposit_accounts
    (id, version, created_at, state, account_holder_id, status, activity, is_evaluated, public_id)
select ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 1, %b::timestamptz, '{}',
       gen_random_uuid(), 'active', 'active', true, 100000 + n
  from generate_series(1, 20000) n returning 1
"""
_ENTRIES = """
insert into cala.entries (position, transaction_id, account_id, amount, debit_after, credit_after, layer,
    direction, currency, entry_type, effective, recorded_at)
select 2::int8 ^ 40 + n * 20000 + m, gen_random_uuid(),
       ('00000000-0000-7000-8000-' || lpad(to_hex(m), 12, '0'))::uuid,
       1, 0, n, 'settled', 'credit', 'USD', 'RECORD_DEPOSIT_CR', '2026-01-01', %b::timestamptz
  from generate_series(1, 5) n, generate_series(1, 20000) m returning 1
"""


async def fill(db: Database, opened: datetime, last_used: datetime) -> None:
    """The books are not asked whether they balance: an entry is looked for, not added up."""
    async with db.transaction() as connection:
        await connection.execute(b"set local session_replication_role = replica")
        await connection.execute(_ACCOUNTS.encode(), [opened])
        await connection.execute(_ENTRIES.encode(), [last_used])
    await db.fetch("analyze")


async def plan(db: Database, sql: str, params: list[object]) -> str:
    return "\n".join(row[0] for row in await db.fetch(f"explain (costs off) {sql}", params))


async def test_where_nothing_changes_a_page_is_two_statements_by_index_and_writes_nothing(
    bank: Branch, time: FixedTime
) -> None:
    """Old accounts all of them, each used five times since, the last time lately."""
    await fill(bank.db, time.at, time.at + 2 * YEAR)
    at = time.at + 2 * YEAR
    closing, cursor, pages = Closing(at.date(), at, "UTC"), None, 0
    before = bank.db.statements
    async with no_effect(bank.db):
        outside = bank.db.statements - before
        for _ in range(MANY // activity.PAGE + 1):
            page = await step(bank).page(closing, cursor)
            assert (page.done, list(page.failures)) == (0, [])
            pages, cursor = pages + 1, page.cursor
            if cursor is None:
                break
        assert bank.db.statements - before - outside == pages
    assert (cursor, pages) == (None, MANY // activity.PAGE + 1)

    accounts = await plan(bank.db, _NOT_ESCHEATABLE, [UUID(int=0), activity.PAGE])
    assert "deposit_accounts_pkey" in accounts
    assert "Sort" not in accounts
    ids = [row[0] for row in await bank.db.fetch("select id from deposit_accounts limit 5000")]
    newest = await plan(bank.db, _NEWEST, [UuidArray(ids), TextArray(list(NO_USE))])
    assert "entries_account_id_idx" in newest
    assert "Seq Scan" not in newest
