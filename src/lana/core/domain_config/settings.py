"""What code asks: `settings.get(SETTING)`, from memory, at most a second old."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from typing import Self, TypeVar, cast

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from lana.core.domain_config.config.repo import DomainConfigRepo
from lana.core.domain_config.errors import KeyRegisteredTwice, NotSet, UnknownKey
from lana.core.domain_config.setting import AnySetting, Setting
from lana.lib.crypto import DecryptionFailed, Keyring, UnknownEncryptionKey
from lana.lib.errors import Refusal
from lana.lib.tasks import end_if_cancelled, going_on

log = structlog.get_logger()

T = TypeVar("T")

POLL_SECONDS = 0.8

Unreadable = UnknownEncryptionKey | DecryptionFailed | Refusal


class Registry:
    """Every setting of the bank, by key. `KeyRegisteredTwice`."""

    def __init__(self, settings: Iterable[AnySetting]) -> None:
        self.by_key: dict[str, AnySetting] = {}
        for setting in settings:
            if setting.key in self.by_key:
                raise KeyRegisteredTwice(setting.key)
            self.by_key[setting.key] = setting

    def find(self, key: str) -> AnySetting:
        setting = self.by_key.get(key)
        if setting is None:
            raise UnknownKey(key)
        return setting

    def ordered(self, keys: Collection[str]) -> list[tuple[AnySetting, AnySetting]]:
        """Pairs of which the first is always the greater, where one of the keys is among them."""
        return [
            (setting, self.find(setting.above))
            for setting in self.by_key.values()
            if setting.above and not {setting.key, setting.above}.isdisjoint(keys)
        ]


class Settings:
    """Enter it to keep the values fresh; before the first `refresh` every setting has
    its declared default.
    """

    def __init__(self, repo: DomainConfigRepo, keyring: Keyring, registry: Registry) -> None:
        self.registry = registry
        self._repo = repo
        self._keyring = keyring
        self._values: dict[str, object] = {}
        self._unreadable: dict[str, Unreadable] = {}
        self._generation: tuple[int, int] | None = None
        self._task: asyncio.Task[None] | None = None

    def get(self, setting: Setting[T]) -> T:
        """`NotSet` when there is neither a value nor a default."""
        value = self.maybe_get(setting)
        if value is None:
            raise NotSet(setting.key)
        return value

    def maybe_get(self, setting: Setting[T]) -> T | None:
        """Raises what made the stored value unreadable: a key this process does not hold, above all."""
        unreadable = self._unreadable.get(setting.key)
        if unreadable:
            raise unreadable
        if setting.key in self._values:
            return cast("T | None", self._values[setting.key])
        return setting.default

    async def refresh(self) -> None:
        """Read what is stored, if anything changed."""
        generation = await self._repo.generation()
        if generation == self._generation:
            return
        values: dict[str, object] = {}
        unreadable: dict[str, Unreadable] = {}
        for config in await self._repo.all():
            setting = self.registry.by_key.get(config.key)
            if setting is None:
                continue
            try:
                raw = config.effective(self._keyring)
                values[config.key] = None if raw is None else setting.read(raw)
            except (UnknownEncryptionKey, DecryptionFailed, Refusal) as error:
                log.error("setting cannot be read", key=config.key, reason=str(error))
                unreadable[config.key] = error
        self._values, self._unreadable, self._generation = values, unreadable, generation

    def require_readable(self) -> None:
        """At a start: a value nobody can read stops the bank before it does harm."""
        for unreadable in self._unreadable.values():
            raise unreadable

    async def __aenter__(self) -> Self:
        await self.refresh()
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self) -> None:
        while going_on():
            await asyncio.sleep(POLL_SECONDS)
            try:
                await self.refresh()
            except (psycopg.Error, PoolTimeout) as error:
                end_if_cancelled(error)
                log.warning("settings not refreshed", reason=str(error))
