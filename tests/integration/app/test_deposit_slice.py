"""One deposit, from the composition root to the books."""

from __future__ import annotations

from lana.app import App
from lana.lib.authz import Ctx


async def test_the_bank_opens_twice_and_changes_nothing_the_second_time(app: App) -> None:
    users = await app.db.fetch("select count(*) from users")
    assert users == [(1,)]


async def test_the_superuser_may_do_everything(app: App, superuser: Ctx) -> None:
    me = await app.access.me(superuser)
    assert me.id == superuser.subject.id
