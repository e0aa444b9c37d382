"""The specification's ledger walk and denial, step by step, on a database."""

from __future__ import annotations

import pytest

from lana.core.deposit import AccountStatus, DepositAccountFrozen, HistoryKind, WithdrawalStatus
from lana.core.deposit.public import WithdrawalApprovalConcluded
from lana.lib.errors import Refusal
from lana.lib.pg.page import Page
from tests.support.branch import Branch


async def test_the_ledger_walk_posts_what_the_page_says(bank: Branch) -> None:
    account = await bank.account()

    deposit = await bank.record(account.id, 1_000_00)
    assert await bank.balance(account) == (1_000_00, 0, 0)
    assert await bank.omnibus() == (1_000_00, 0)

    withdrawal = await bank.initiate(account.id, 300_00)
    assert withdrawal.status is WithdrawalStatus.PENDING_APPROVAL
    assert await bank.balance(account) == (700_00, 300_00, 0)
    assert await bank.omnibus() == (700_00, 300_00)

    await bank.settle()
    assert (await bank.withdrawal(withdrawal.id)).status is WithdrawalStatus.PENDING_CONFIRMATION
    assert await bank.balance(account) == (700_00, 300_00, 0)

    assert (await bank.confirm(withdrawal.id)).status is WithdrawalStatus.CONFIRMED
    assert await bank.balance(account) == (700_00, 0, 0)
    assert await bank.omnibus() == (700_00, 0)

    assert (await bank.revert(withdrawal.id)).status is WithdrawalStatus.REVERTED
    assert await bank.balance(account) == (1_000_00, 0, 0)

    second = await bank.initiate(account.id, 200_00)
    assert (await bank.cancel(second.id)).status is WithdrawalStatus.CANCELLED
    assert await bank.balance(account) == (1_000_00, 0, 0)

    with pytest.raises(Refusal, match="Velocity limit exceeded"):
        await bank.initiate(account.id, 1_000_01)
    assert await bank.balance(account) == (1_000_00, 0, 0)

    await bank.freeze(account.id)
    assert await bank.balance(account) == (0, 0, 1_000_00)
    assert await bank.omnibus() == (1_000_00, 0)
    with pytest.raises(DepositAccountFrozen):
        await bank.record(account.id, 1_00)

    await bank.unfreeze(account.id)
    assert await bank.balance(account) == (1_000_00, 0, 0)

    await bank.commands.run(bank.root, bank.deposits.revert_deposit, deposit.id)
    assert await bank.balance(account) == (0, 0, 0)
    assert await bank.omnibus() == (0, 0)

    assert (await bank.close(account.id)).status is AccountStatus.CLOSED
    history = await bank.histories.list_history(bank.root, account.id, Page(100))
    assert [(entry.kind, entry.amount) for entry in history.items] == [
        (HistoryKind.UNKNOWN, 1_000_00),
        (HistoryKind.UNFREEZE, 1_000_00),
        (HistoryKind.FREEZE, 1_000_00),
        (HistoryKind.CANCELLED_WITHDRAWAL, 200_00),
        (HistoryKind.WITHDRAWAL, 200_00),
        (HistoryKind.UNKNOWN, 300_00),
        (HistoryKind.WITHDRAWAL, 300_00),
        (HistoryKind.DEPOSIT, 1_000_00),
    ]


async def test_history_pages_go_on_where_the_last_one_ended(bank: Branch) -> None:
    account = await bank.account(cents=500_00)
    await bank.cancel((await bank.initiate(account.id, 100_00)).id)
    seen: list[HistoryKind] = []
    after: str | None = None
    for _ in range(20):
        page = await bank.histories.list_history(bank.root, account.id, Page(2, after))
        seen += [entry.kind for entry in page.items]
        if not page.has_next:
            break
        after = page.cursors[-1] if page.cursors else after
    assert seen == [HistoryKind.CANCELLED_WITHDRAWAL, HistoryKind.WITHDRAWAL, HistoryKind.DEPOSIT]


async def test_a_denial_gives_the_funds_back(bank: Branch) -> None:
    ann, bob = await bank.hire("ann@bank.example"), await bank.hire("bob@bank.example")
    await bank.ruled_by_committee([ann, bob])
    account = await bank.account(cents=500_00)
    withdrawal = await bank.initiate(account.id, 500_00)
    assert await bank.balance(account) == (0, 500_00, 0)

    await bank.deny(ann, withdrawal)
    await bank.settle()

    assert (await bank.withdrawal(withdrawal.id)).status is WithdrawalStatus.DENIED
    assert await bank.balance(account) == (500_00, 0, 0)
    told = [e for e in await bank.published("Deposit") if isinstance(e, WithdrawalApprovalConcluded)]
    assert [(e.id, e.status) for e in told] == [(withdrawal.id, WithdrawalStatus.DENIED)]
    history = await bank.histories.list_history(bank.root, account.id, Page(100))
    assert [entry.kind for entry in history.items] == [
        HistoryKind.UNKNOWN,
        HistoryKind.UNKNOWN,
        HistoryKind.WITHDRAWAL,
        HistoryKind.DEPOSIT,
    ]


async def test_funds_denied_on_a_frozen_account_join_what_is_frozen(bank: Branch) -> None:
    ann = await bank.hire("ann@bank.example")
    await bank.ruled_by_committee([ann])
    account = await bank.account(cents=500_00)
    withdrawal = await bank.initiate(account.id, 200_00)
    await bank.freeze(account.id)
    assert await bank.balance(account) == (0, 200_00, 300_00)

    await bank.deny(ann, withdrawal)
    await bank.settle()

    assert (await bank.withdrawal(withdrawal.id)).status is WithdrawalStatus.DENIED
    assert await bank.balance(account) == (0, 0, 500_00)
    with pytest.raises(DepositAccountFrozen):
        await bank.record(account.id, 1)
    await bank.unfreeze(account.id)
    assert await bank.balance(account) == (500_00, 0, 0)


async def test_approval_reaches_a_withdrawal_of_a_frozen_account(bank: Branch) -> None:
    account = await bank.account(cents=500_00)
    withdrawal = await bank.initiate(account.id, 200_00)
    await bank.freeze(account.id)
    await bank.settle()
    assert (await bank.withdrawal(withdrawal.id)).status is WithdrawalStatus.PENDING_CONFIRMATION
    with pytest.raises(DepositAccountFrozen):
        await bank.confirm(withdrawal.id)


async def test_audit_of_a_withdrawal_names_who_did_what(bank: Branch) -> None:
    """The specification's example of a withdrawal under auto-approval."""
    account = await bank.account(cents=500_00)
    before = len(await bank.audited())
    withdrawal = await bank.initiate(account.id, 200_00)
    process = await bank.governance.processes.peek(withdrawal.id)
    assert process is not None
    assert not process.in_progress
    await bank.settle()

    rows = [(e.subject, e.object, e.action, e.authorized) for e in (await bank.audited())[before:]]
    assert rows == [
        (str(bank.root.subject), "deposit/withdrawal/*", "deposit:withdrawal:initiate", True),
        ("system:governance", "governance/approval-process/*", "governance:approval-process:create", True),
        (
            "system:deposit-approval",
            f"deposit/withdrawal/{withdrawal.id}",
            "deposit:withdrawal:conclude-approval-process",
            True,
        ),
    ]
