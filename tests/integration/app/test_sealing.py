"""The worker seals what was posted; what is sealed cannot be changed unseen."""

from __future__ import annotations

import asyncio

import pytest

from lana.app import App, work
from lana.app.verify import verify
from lana.lib.authz import Ctx
from tests.support.bank import open_account

TURNS = 3_000


async def test_the_worker_seals_what_was_posted(
    app: App, superuser: Ctx, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "SEALED_AT_ONCE", 2)
    account = await open_account(app, superuser)
    for cents in (10_000, 20_000, 30_000):
        await app.commands.run(superuser, app.deposits.record_deposit, account.id, cents)
    sealing = asyncio.create_task(work.keep_sealing(app))
    for _ in range(TURNS):
        rows = await app.db.fetch("select transaction_count from cala.blocks order by number")
        if sum(row[0] for row in rows) == 3:
            break
    else:
        pytest.fail("nothing was sealed")
    sealing.cancel()
    await asyncio.wait([sealing])
    assert rows == [(2,), (1,)]
    assert all(finding.clean for finding in await verify(app))
    await app.db.fetch("alter table cala.transactions disable trigger all")
    await app.db.fetch("update cala.transactions set description = 'another' where position = 1")
    (books,) = [finding for finding in await verify(app) if not finding.clean]
    assert any("sealed block" in violation for violation in books.violations)
