"""Use cases of run-time settings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeVar, cast
from uuid import UUID

import structlog

from lana.core.domain_config import primitives as p
from lana.core.domain_config.config.entity import DomainConfig, Initialized, Plain
from lana.core.domain_config.config.repo import DomainConfigRepo
from lana.core.domain_config.errors import (
    AlreadySeeded,
    DomainConfigRefusal,
    InvalidOverride,
    NotAbove,
    NotExposed,
    UnknownKey,
)
from lana.core.domain_config.setting import AnySetting, Setting
from lana.core.domain_config.settings import Registry
from lana.lib.authz import Authorizer, Check, Scope
from lana.lib.crypto import Keyring
from lana.lib.es.op import Op
from lana.lib.pg.page import Found, Page

log = structlog.get_logger()

T = TypeVar("T")

KEYS = "domain-config.key"


class DomainConfigs:
    def __init__(
        self, repo: DomainConfigRepo, authz: Authorizer, keyring: Keyring, registry: Registry
    ) -> None:
        self.repo = repo
        self.authz = authz
        self.keyring = keyring
        self.registry = registry

    async def list(self, ctx: Scope, page: Page) -> Found[DomainConfig]:
        """Exposed settings by key."""
        self.authz.enforce(ctx, p.EXPOSED_READ)
        return await self.repo.exposed(page)

    async def update(self, op: Op, config_id: UUID, value: object) -> DomainConfig:
        """Store a value given over the API."""
        self.authz.enforce(op, p.EXPOSED_WRITE)
        config = await op.find(self.repo, config_id)
        if config.visibility is not p.Visibility.EXPOSED:
            raise NotExposed(config.key)
        self._store(config, self.registry.find(config.key), value)
        await self._keep_order(op, [config.key])
        return config

    async def set_by_key(self, op: Op, key: str, value: object) -> DomainConfig:
        """Store a value given by an operator of this machine; internal settings too."""
        self.authz.enforce(op, p.ALL_WRITE)
        config = await self._find(op, key)
        self._store(config, self.registry.find(key), value)
        await self._keep_order(op, [key])
        return config

    async def put(self, op: Op, setting: Setting[T], value: T) -> DomainConfig:
        """Store a typed value; the calling domain has checked who may."""
        config = await self._find(op, setting.key)
        config.update(setting.checked(setting.plain(value)), self.keyring)
        await self._keep_order(op, [setting.key])
        return config

    def _store(self, config: DomainConfig, setting: AnySetting, value: object) -> None:
        config.update(setting.checked(value), self.keyring)

    async def _keep_order(self, op: Op, keys: Collection[str]) -> None:
        """Both of a pair are guarded: of two changes at once, the later sees the earlier. `NotAbove`."""
        for greater, smaller in self.registry.ordered(keys):
            value, other = [
                cast("int", setting.read((await self._find(op, setting.key)).effective(self.keyring)))
                for setting in (greater, smaller)
            ]
            if value <= other:
                raise NotAbove(greater.key, value, smaller.key, other)

    async def _find(self, op: Op, key: str) -> DomainConfig:
        known = await self.repo.maybe_by("key", key)
        if known is None:
            raise UnknownKey(key)
        return await op.find(self.repo, known.id)

    # --- at a start: seed, override, rotate -----------------------------------------------------------------

    async def seed(self, op: Op) -> int:
        """Store every registered setting that is missing, with its default; a stored
        default stays for good.
        """
        stored = {config.key for config in await self.repo.all()}
        missing = [s for s in self.registry.by_key.values() if s.key not in stored]
        for setting in missing:
            op.claim(KEYS, setting.key, AlreadySeeded(setting.key))
            op.add(self.repo, DomainConfig.born(self._initialized(op.new_id(), setting)))
        return len(missing)

    @staticmethod
    def _initialized(config_id: UUID, setting: AnySetting) -> Initialized:
        default = setting.plain_default
        return Initialized(
            id=config_id,
            key=setting.key,
            config_type=setting.type,
            visibility=setting.visibility,
            encrypted=setting.encrypted,
            default_value=None if default is None else Plain(default),
        )

    async def override(self, op: Op, overrides: Sequence[tuple[str, object]]) -> None:
        """Values of the environment, in order; they win over what the API stored. Unknown keys are logged.

        Settings that are compared are compared when all are stored.
        """
        for key, value in overrides:
            setting = self.registry.by_key.get(key)
            if setting is None:
                log.warning("no setting of this name, override skipped", key=key)
                continue
            try:
                self._store(await self._find(op, key), setting, value)
            except DomainConfigRefusal as refusal:
                raise InvalidOverride(key, refusal) from refusal
        await self._keep_order(op, [key for key, _ in overrides])

    async def rotate(self, op: Op) -> int:
        """Every encrypted value under the current key; answers how many were not."""
        rotated = 0
        for stored in await self.repo.all():
            if not stored.encrypted or stored.value is None:
                continue
            config = await op.find(self.repo, stored.id)
            config.rotate(self.keyring)
            rotated += bool(config.pending)
        if rotated:
            op.record_system(p.ROTATION_ACTOR, Check(op.subject, p.ALL_WRITE, (), True))
        return rotated
