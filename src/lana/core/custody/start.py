"""What every start does with custodians: no settings stay under a key that is being rotated out."""

from __future__ import annotations

from lana.core.custody.custodians import Custodians
from lana.core.custody.primitives import ROTATION_ACTOR
from lana.lib.authz import Ctx
from lana.lib.es.commands import Commands


async def rotate_keys(commands: Commands, custodians: Custodians) -> int:
    """`UnknownEncryptionKey` where neither key opens them: the start fails."""
    return await commands.run(Ctx.system(ROTATION_ACTOR), custodians.rotate)
