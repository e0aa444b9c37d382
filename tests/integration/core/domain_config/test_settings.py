"""Settings through starts, updates, overrides and rotations of the key."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest

from lana.core.domain_config import ConfigType, DomainConfig, Setting
from lana.core.domain_config.errors import (
    InvalidType,
    NotAbove,
    NotExposed,
    NotSet,
    StaleEncryptionKey,
    UnknownKey,
)
from lana.core.time import CLOSING_TIME, TIMEZONE
from lana.lib.authz import Ctx, Subject
from lana.lib.crypto import Keyring, UnknownEncryptionKey
from lana.lib.errors import NotAuthorized, NotFound
from lana.lib.es.commands import Commands
from lana.lib.pg.database import Database
from lana.lib.pg.page import Page
from tests.support.configured import DECLARED, NEW_KEY, OLD_KEY, Configured
from tests.support.waiting import eventually

SYSTEM = Ctx.system("test")
API_KEY = Setting[str]("sumsub-api-key", ConfigType.STRING, encrypted=True)
INACTIVE = Setting[int]("deposit-activity-inactive-threshold-days", ConfigType.UINT)


async def config(bank: Configured, key: str) -> DomainConfig:
    found = await bank.configs.repo.maybe_by("key", key)
    assert found is not None, key
    return found


async def count(db: Database, table: str) -> int:
    return (await db.fetch(f"select count(*) from {table}"))[0][0]


async def test_first_start_stores_every_setting_and_the_second_none(db: Database, commands: Commands) -> None:
    await Configured(db).start(commands)
    assert await count(db, "domain_configs") == len(DECLARED)
    await Configured(db).start(commands)
    assert await count(db, "events") == len(DECLARED)


async def test_processes_that_start_together_store_each_setting_once(
    db: Database, commands: Commands
) -> None:
    await asyncio.gather(*(Configured(db).start(commands) for _ in range(4)))
    assert await count(db, "domain_configs") == len(DECLARED)


async def test_default_of_a_later_release_does_not_reach_an_existing_bank(
    db: Database, commands: Commands
) -> None:
    await Configured(db, declared=[Setting[int]("limit", ConfigType.UINT, 5)]).start(commands)
    later = Setting[int]("limit", ConfigType.UINT, 7)
    bank = Configured(db, declared=[later])
    await bank.start(commands)
    assert bank.settings.get(later) == 5


async def test_exposed_settings_are_listed_by_key(db: Database, commands: Commands) -> None:
    bank = Configured(db)
    await bank.start(commands)
    first = await bank.configs.list(SYSTEM, Page(5))
    rest = await bank.configs.list(SYSTEM, Page(100, first.cursors[-1]))
    keys = [found.key for found in [*first.items, *rest.items]]
    assert keys == sorted(setting.key for setting in DECLARED if setting.exposed)
    assert first.has_next
    assert not rest.has_next


async def test_update_reaches_another_process_within_a_second(db: Database, commands: Commands) -> None:
    bank, other = Configured(db), Configured(db)
    await bank.start(commands)
    async with other.settings:
        assert other.settings.get(INACTIVE) == 365
        target = await config(bank, INACTIVE.key)
        await commands.run(SYSTEM, bank.configs.update, target.id, 30)
        assert await eventually(lambda: other.settings.get(INACTIVE) == 30) < 1.5


async def test_update_is_a_permission_and_leaves_its_audit(db: Database, commands: Commands) -> None:
    bank = Configured(db)
    await bank.start(commands)
    target = await config(bank, INACTIVE.key)
    nobody = Ctx(subject=Subject.user(uuid4()), request_id="r")
    with pytest.raises(NotAuthorized):
        await commands.run(nobody, bank.configs.update, target.id, 30)
    with pytest.raises(NotAuthorized):
        await bank.configs.list(nobody, Page(1))
    rows = await db.fetch("select subject, object, action, authorized from audit_entries order by id")
    assert rows == [
        (str(nobody.subject), "domain-config/exposed-config/*", "domain-config:exposed-config:write", False)
    ]
    assert (await config(bank, INACTIVE.key)).version == 1


async def test_refused_updates_change_nothing(db: Database, commands: Commands) -> None:
    bank = Configured(db)
    await bank.start(commands)
    zone = await config(bank, "timezone")
    internal = await config(bank, "deposit-chart-of-accounts-integration")
    with pytest.raises(InvalidType, match="Expected timezone, got bool"):
        await commands.run(SYSTEM, bank.configs.update, zone.id, True)
    with pytest.raises(NotExposed, match="Config deposit-chart-of-accounts-integration is not exposed"):
        await commands.run(SYSTEM, bank.configs.update, internal.id, {"a": 1})
    with pytest.raises(NotFound):
        await commands.run(SYSTEM, bank.configs.update, UUID(int=7), 1)
    with pytest.raises(UnknownKey):
        await commands.run(SYSTEM, bank.configs.set_by_key, "no-such-key", 1)
    assert await count(db, "events") == len(DECLARED)


SMALL = Setting[int]("small", ConfigType.UINT, 5)
GREAT = Setting[int]("great", ConfigType.UINT, 7, above=SMALL.key)


async def test_of_two_settings_one_stays_the_greater_whichever_is_changed(
    db: Database, commands: Commands
) -> None:
    bank = Configured(db, declared=[SMALL, GREAT])
    await bank.start(commands)
    for setting, value in ((SMALL, 7), (GREAT, 5)):
        target = await config(bank, setting.key)
        with pytest.raises(NotAbove, match=r"great \(\d\) must be greater than small \(\d\)"):
            await commands.run(SYSTEM, bank.configs.update, target.id, value)
        with pytest.raises(NotAbove):
            await commands.run(SYSTEM, bank.configs.set_by_key, setting.key, value)
        with pytest.raises(NotAbove):
            await commands.run(SYSTEM, bank.configs.put, setting, value)
    await commands.run(SYSTEM, bank.configs.set_by_key, SMALL.key, 6)
    await bank.settings.refresh()
    assert (bank.settings.get(SMALL), bank.settings.get(GREAT)) == (6, 7)


async def test_of_two_changes_at_once_that_would_cross_one_is_refused(
    db: Database, commands: Commands
) -> None:
    bank = Configured(db, declared=[SMALL, GREAT])
    await bank.start(commands)
    await commands.run(SYSTEM, bank.configs.set_by_key, GREAT.key, 100)
    ends = await asyncio.gather(
        commands.run(SYSTEM, bank.configs.set_by_key, SMALL.key, 50),
        commands.run(SYSTEM, bank.configs.set_by_key, GREAT.key, 10),
        return_exceptions=True,
    )
    assert [type(end) for end in ends].count(NotAbove) == 1, ends


async def test_the_environment_may_move_both_and_may_not_cross_them(db: Database, commands: Commands) -> None:
    bank = Configured(db, declared=[SMALL, GREAT])
    await bank.start(commands, [(SMALL.key, 20), (GREAT.key, 30)])
    assert (bank.settings.get(SMALL), bank.settings.get(GREAT)) == (20, 30)
    with pytest.raises(NotAbove):
        await bank.start(commands, [(SMALL.key, 30)])
    assert (await config(bank, SMALL.key)).version == 2


async def test_unset_setting_has_nothing_to_get(db: Database, commands: Commands) -> None:
    bank = Configured(db)
    await bank.start(commands)
    assert bank.settings.maybe_get(API_KEY) is None
    with pytest.raises(NotSet):
        bank.settings.get(API_KEY)


async def test_environment_overrides_what_the_api_stored_at_every_start(
    db: Database, commands: Commands
) -> None:
    bank = Configured(db)
    await bank.start(commands)
    target = await config(bank, "timezone")
    await commands.run(SYSTEM, bank.configs.update, target.id, "Europe/Madrid")
    again = Configured(db)
    await again.start(
        commands, [("closing-time", "18:00:00"), ("no-such-key", 1), ("timezone", "Asia/Tokyo")]
    )
    assert again.settings.get(TIMEZONE).key == "Asia/Tokyo"
    assert again.settings.get(CLOSING_TIME).isoformat() == "18:00:00"
    assert await count(db, "audit_entries") == 1


async def test_invalid_override_stops_the_start_and_stores_nothing(db: Database, commands: Commands) -> None:
    bank = Configured(db)
    overrides = [("closing-time", "18:00:00"), ("sumsub-api-key", 12345)]
    with pytest.raises(InvalidType, match="Expected string, got number"):
        await bank.start(commands, overrides)
    assert (await config(bank, "closing-time")).version == 1


async def test_start_with_a_new_key_rotates_every_value_once(db: Database, commands: Commands) -> None:
    old = Configured(db, Keyring.parse(OLD_KEY))
    await old.start(commands)
    for key in ("sumsub-api-key", "sumsub-api-secret"):
        await commands.run(SYSTEM, old.configs.set_by_key, key, f"value of {key}")
    new = Configured(db, Keyring.parse(NEW_KEY, OLD_KEY))
    await new.start(commands)
    await new.start(commands)
    assert new.settings.get(API_KEY) == "value of sumsub-api-key"
    rotated = await db.fetch("select count(*) from events where event_type = 'key_rotated'")
    assert rotated == [(2,)]
    audit = await db.fetch(
        "select subject, object, action from audit_entries where subject like %b::text", ["%rotation"]
    )
    assert audit == [
        ("system:domain-config-key-rotation", "domain-config/all-config/*", "domain-config:all-config:write")
    ]
    alone = Configured(db, Keyring.parse(NEW_KEY))
    await alone.start(commands)
    assert alone.settings.get(API_KEY) == "value of sumsub-api-key"


async def test_old_process_reads_what_was_rotated_and_fails_after_a_new_value(
    db: Database, commands: Commands
) -> None:
    old = Configured(db, Keyring.parse(OLD_KEY))
    await old.start(commands)
    await commands.run(SYSTEM, old.configs.set_by_key, API_KEY.key, "first")
    new = Configured(db, Keyring.parse(NEW_KEY, OLD_KEY))
    await new.start(commands)
    await old.settings.refresh()
    assert old.settings.get(API_KEY) == "first"
    with pytest.raises(StaleEncryptionKey):
        await commands.run(SYSTEM, old.configs.set_by_key, API_KEY.key, "second")
    await commands.run(SYSTEM, new.configs.set_by_key, API_KEY.key, "second")
    await old.settings.refresh()
    with pytest.raises(UnknownEncryptionKey):
        old.settings.get(API_KEY)
    assert old.settings.get(TIMEZONE).key == "UTC"


async def test_value_under_neither_key_stops_the_start(db: Database, commands: Commands) -> None:
    old = Configured(db, Keyring.parse(OLD_KEY))
    await old.start(commands)
    await commands.run(SYSTEM, old.configs.set_by_key, API_KEY.key, "first")
    with pytest.raises(UnknownEncryptionKey):
        await Configured(db, Keyring.parse(NEW_KEY)).start(commands)
