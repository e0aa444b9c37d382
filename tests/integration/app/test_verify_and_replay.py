"""`verify` finds what was spoilt behind the bank's back, `replay` mends what events can mend."""

from __future__ import annotations

import pytest

from lana.app import App
from lana.app.replay import replay
from lana.app.verify import verify
from lana.lib.authz import Ctx
from tests.support.bank import open_account


async def violated(app: App) -> set[str]:
    return {finding.check for finding in await verify(app) if not finding.clean}


async def test_a_bank_in_use_verifies_clean(app: App, superuser: Ctx) -> None:
    account = await open_account(app, superuser)
    await app.commands.run(superuser, app.deposits.record_deposit, account.id, 10_000)
    await app.commands.run(superuser, app.withdrawals.initiate_withdrawal, account.id, 4_000)
    assert await violated(app) == set()
    assert [r.changed for r in await replay(app)] == [0] * len(app.db.repos)


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        ("update deposits set state = state || '{\"amount\": 1}'", "deposit: state = fold of events"),
        ("update deposits set amount = amount + 1", "deposit: state = fold of events"),
        ("delete from deposits", "deposit: state = fold of events"),
        ("delete from deposits", "deposits: books = deposits and withdrawals"),
        (
            "update cala.balances set settled_credit = settled_credit + 1 where settled_credit > 0",
            "ledger: debits = credits, balances = entries",
        ),
        ("delete from outbox where sequence = 2", "outbox: without gaps"),
    ],
)
async def test_verify_names_what_was_spoilt(app: App, superuser: Ctx, spoil: str, found: str) -> None:
    account = await open_account(app, superuser)
    await app.commands.run(superuser, app.deposits.record_deposit, account.id, 10_000)
    await app.db.fetch(spoil)
    assert found in await violated(app)


async def test_replay_rebuilds_lost_and_spoilt_states_from_events(app: App, superuser: Ctx) -> None:
    account = await open_account(app, superuser)
    for amount in (1, 2, 3):
        await app.commands.run(superuser, app.deposits.record_deposit, account.id, amount)
    await app.db.fetch("delete from deposits where amount = 1")
    await app.db.fetch("update deposits set state = state || '{\"amount\": 9}' where amount = 2")
    await app.db.fetch("update deposits set amount = 7 where amount = 3")
    assert {r.kind: r.changed for r in await replay(app) if r.changed} == {"deposit": 3}
    assert await violated(app) == set()
