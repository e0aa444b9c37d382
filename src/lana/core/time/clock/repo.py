"""One row."""

from __future__ import annotations

from typing import ClassVar, final

from lana.core.time.clock.entity import BankClock
from lana.lib.es.repo import Repo
from lana.lib.es.table import Column


@final
class BankClockRepo(Repo[BankClock]):
    entity: ClassVar[type[BankClock]] = BankClock
    table: ClassVar[str] = "bank_clock"
    label: ClassVar[str] = "BankClock"
    columns: ClassVar[tuple[Column, ...]] = (Column("at", "timestamptz", lambda clock: clock.at),)
