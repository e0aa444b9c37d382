"""The last step of the end of the day: which accounts are used, and which have not been for long.

A page costs two statements, however many entries there are, and Ops only for accounts that change.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Self
from uuid import UUID

import msgspec

from lana.core.deposit.account.repo import DepositAccountRepo, Standing
from lana.core.deposit.config import ESCHEATABLE_DAYS, INACTIVE_DAYS
from lana.core.deposit.errors import ThresholdsOutOfOrder
from lana.core.deposit.ledger import DepositLedger
from lana.core.deposit.primitives import AccountAction, Activity
from lana.core.domain_config import Settings
from lana.lib.authz import Check
from lana.lib.closing import Closing, PageDone
from lana.lib.es.commands import Commands
from lana.lib.es.entity import DONE
from lana.lib.es.op import Op
from lana.lib.parts import Parts
from lana.lib.pg.database import Database

ACTOR: Final = "deposit-activity"
PAGE: Final = 5_000


class Thresholds(msgspec.Struct, frozen=True):
    """Last used before these instants, an account is inactive, then escheatable."""

    inactive: datetime
    escheatable: datetime

    @classmethod
    def at(cls, closing: datetime, *, inactive_days: int, escheatable_days: int) -> Self:
        """`ThresholdsOutOfOrder`: escheatable is final, so nothing is done by thresholds that cannot be
        meant.
        """
        if not 0 < inactive_days < escheatable_days:
            raise ThresholdsOutOfOrder(inactive_days, escheatable_days)
        return cls(closing - timedelta(days=inactive_days), closing - timedelta(days=escheatable_days))

    def activity(self, last_used: datetime) -> Activity:
        if last_used < self.escheatable:
            return Activity.ESCHEATABLE
        return Activity.INACTIVE if last_used < self.inactive else Activity.ACTIVE


class DepositActivity:
    """`Step`."""

    name: str = "deposit-activity"

    def __init__(self, db: Database, commands: Commands, ledger: DepositLedger, settings: Settings) -> None:
        self._parts = Parts(commands, ACTOR)
        self._accounts = DepositAccountRepo(db)
        self._ledger = ledger
        self._settings = settings

    async def page(self, closing: Closing, cursor: str | None) -> PageDone:
        after = UUID(cursor) if cursor else UUID(int=0)
        looked_at = await self._accounts.not_escheatable(after, PAGE)
        changing = await self._changing(looked_at, self._thresholds(closing))
        done, failures = await self._parts.do(self.update, changing, closing)
        return PageDone(str(looked_at[-1].id) if len(looked_at) == PAGE else None, done, failures)

    async def update(self, op: Op, ids: list[UUID], closing: Closing) -> int:
        op.record(Check(op.subject, AccountAction.UPDATE_STATUS, tuple(ids), authorized=True))
        thresholds = self._thresholds(closing)
        accounts = await op.find_many(self._accounts, ids)
        used = await self._ledger.last_used(list(accounts))
        count = 0
        for account in accounts.values():
            activity = thresholds.activity(used.get(account.id, account.created_at))
            count += account.update_activity(activity) is DONE
        return count

    async def _changing(self, accounts: Sequence[Standing], thresholds: Thresholds) -> list[UUID]:
        """The books are asked only for accounts that are old enough for it to matter."""
        old = [each.id for each in accounts if thresholds.activity(each.created_at) is not Activity.ACTIVE]
        used = await self._ledger.last_used(old) if old else dict[UUID, datetime]()
        return [
            each.id
            for each in accounts
            if not each.is_evaluated
            or thresholds.activity(used.get(each.id, each.created_at)) is not each.activity
        ]

    def _thresholds(self, closing: Closing) -> Thresholds:
        return Thresholds.at(
            closing.instant,
            inactive_days=self._settings.get(INACTIVE_DAYS),
            escheatable_days=self._settings.get(ESCHEATABLE_DAYS),
        )
