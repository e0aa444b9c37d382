"""A step of the end of the day: proposals nobody decided in time expire, where a setting says so."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from lana.core.credit.config import PROPOSAL_EXPIRY_DAYS
from lana.core.credit.proposal.entity import OPEN
from lana.core.credit.proposals import Proposals
from lana.core.domain_config import Settings
from lana.lib.authz import Ctx
from lana.lib.closing import Closing, PageDone, in_halves
from lana.lib.es.commands import Commands
from lana.lib.pg.database import Database

ACTOR: Final = "proposal-expiry"
PAGE: Final = 500

_OPEN_SINCE: Final = (
    "select id from credit_facility_proposals"
    " where status = any(%b::text[]) and created_at <= %b::timestamptz"
    " and id > %b::uuid order by id limit %b::int8"
)


class ProposalExpiry:
    """`Step`. 0 days: proposals wait for ever."""

    name: str = "proposal-expiry"

    def __init__(self, db: Database, commands: Commands, proposals: Proposals, settings: Settings) -> None:
        self._db = db
        self._commands = commands
        self._proposals = proposals
        self._settings = settings

    async def page(self, closing: Closing, cursor: str | None) -> PageDone:
        days = self._settings.get(PROPOSAL_EXPIRY_DAYS)
        if not days:
            return PageDone(None)
        until = closing.instant - timedelta(days=days)
        after = UUID(cursor) if cursor else UUID(int=0)
        rows = await self._db.fetch(_OPEN_SINCE, [sorted(OPEN), until, after, PAGE])
        ids = [row[0] for row in rows]

        async def expire(some: list[UUID]) -> int:
            ctx = Ctx.system(ACTOR, cause=f"end of {closing.day}")
            return await self._commands.run(ctx, self._proposals.expire, some)

        done, failures = await in_halves(ids, expire)
        return PageDone(str(ids[-1]) if len(ids) == PAGE else None, done, failures)
