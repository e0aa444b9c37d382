"""A step of the end of the day: requests nobody answered in time expire."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from lana.core.credit.config import CREDIT_REQUEST_EXPIRY_DAYS
from lana.core.credit.requests import CreditRequests
from lana.core.domain_config import Settings
from lana.lib.authz import Ctx
from lana.lib.closing import Closing, PageDone, in_halves
from lana.lib.es.commands import Commands

ACTOR: Final = "credit-request-expiry"
PAGE: Final = 500


class RequestExpiry:
    """`Step`. The cursor is the last id of the page before."""

    def __init__(self, commands: Commands, requests: CreditRequests, settings: Settings) -> None:
        self._commands = commands
        self._requests = requests
        self._settings = settings

    @property
    def name(self) -> str:
        return "credit-request-expiry"

    async def page(self, closing: Closing, cursor: str | None) -> PageDone:
        days = self._settings.get(CREDIT_REQUEST_EXPIRY_DAYS)
        if not days:
            return PageDone(None)
        until = closing.instant - timedelta(days=days)
        after = UUID(cursor) if cursor else UUID(int=0)
        ids = await self._requests.repo.open_since(until, after, PAGE)

        async def expire(some: list[UUID]) -> int:
            ctx = Ctx.system(ACTOR, cause=f"end of {closing.day}")
            return await self._commands.run(ctx, self._requests.expire, some)

        done, failures = await in_halves(ids, expire)
        return PageDone(str(ids[-1]) if len(ids) == PAGE else None, done, failures)
