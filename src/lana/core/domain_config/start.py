"""What every start does with the settings: store new ones, apply the environment's,
rotate keys, read them.
"""

from __future__ import annotations

from collections.abc import Sequence

from lana.core.domain_config.errors import AlreadySeeded
from lana.core.domain_config.primitives import ROTATION_ACTOR
from lana.core.domain_config.service import DomainConfigs
from lana.core.domain_config.settings import Settings
from lana.lib.authz import Ctx
from lana.lib.errors import ConcurrentModification
from lana.lib.es.commands import Commands

MAX_TRIES = 5


async def start_settings(
    commands: Commands, configs: DomainConfigs, settings: Settings, overrides: Sequence[tuple[str, object]]
) -> None:
    """Raises what makes the start fail: an invalid override, a value under an unknown key."""
    await seed(commands, configs)
    if overrides:
        await commands.run(Ctx.system("bootstrap"), configs.override, overrides)
    await rotate_keys(commands, configs)
    await settings.refresh()
    settings.require_readable()


async def seed(commands: Commands, configs: DomainConfigs) -> None:
    """Of processes that start together, one stores a setting; the others look again."""
    for _ in range(MAX_TRIES):
        try:
            await commands.run(Ctx.system("bootstrap"), configs.seed)
        except AlreadySeeded:
            continue
        return
    raise ConcurrentModification(f"settings not stored after {MAX_TRIES} tries")


async def rotate_keys(commands: Commands, configs: DomainConfigs) -> int:
    """Every encrypted value under the current key; answers how many were not."""
    return await commands.run(Ctx.system(ROTATION_ACTOR), configs.rotate)
