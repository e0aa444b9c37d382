"""Work of governance outside a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final
from uuid import UUID

from lana.core.governance.primitives import SYSTEM_ACTOR
from lana.core.governance.service import GovernanceService
from lana.lib.authz import Ctx
from lana.lib.es.commands import Commands

PAGE: Final = 100
MAX_PAGES: Final = 10_000


class ReevaluateCommittee:
    """Look again at the open processes of a committee whose membership changed, one Op each, page by page."""

    name: ClassVar[str] = "governance.reevaluate-committee"

    def __init__(self, governance: GovernanceService, commands: Commands) -> None:
        self._governance = governance
        self._commands = commands

    async def run(self, args: Mapping[str, object]) -> None:
        committee_id = UUID(str(args["committee_id"]))
        after = UUID(int=0)
        for _ in range(MAX_PAGES):
            ids = await self._governance.processes.reevaluating(committee_id, after, PAGE)
            for process_id in ids:
                await self._commands.run(Ctx.system(SYSTEM_ACTOR), self._governance.reevaluate, process_id)
            if len(ids) < PAGE:
                return
            after = ids[-1]
        raise RuntimeError(f"more than {PAGE * MAX_PAGES} open processes of committee {committee_id}")
