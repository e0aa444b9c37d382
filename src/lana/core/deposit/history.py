"""An account's history as its holder understands it, made of its ledger entries."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Final
from uuid import UUID

import msgspec

import cala_ledger
from lana.core.deposit.account.repo import DepositAccountRepo
from lana.core.deposit.primitives import AccountAction
from lana.lib.authz import Authorizer, Scope
from lana.lib.money import UsdCents
from lana.lib.pg.database import Database
from lana.lib.pg.page import CursorDestructureError, Found, Page, decode_cursor, encode_cursor


class HistoryKind(Enum):
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    CANCELLED_WITHDRAWAL = "cancelled-withdrawal"
    DISBURSAL = "disbursal"
    PAYMENT = "payment"
    FREEZE = "freeze"
    UNFREEZE = "unfreeze"
    UNKNOWN = "unknown"


KINDS: Final[dict[str, HistoryKind]] = {
    "RECORD_DEPOSIT_CR": HistoryKind.DEPOSIT,
    "INITIATE_WITHDRAW_SETTLED_DR": HistoryKind.WITHDRAWAL,
    "CANCEL_WITHDRAW_SETTLED_CR": HistoryKind.CANCELLED_WITHDRAWAL,
    "CONFIRM_DISBURSAL_SETTLED_CR": HistoryKind.DISBURSAL,
    "SINGLE_DISBURSAL_RECEIVABLE_CR": HistoryKind.DISBURSAL,
    "RECORD_PAYMENT_ALLOCATION_DR": HistoryKind.PAYMENT,
    "FREEZE_ACCOUNT_DR": HistoryKind.FREEZE,
    "FREEZE_ACCOUNT_CR": HistoryKind.FREEZE,
    "UNFREEZE_ACCOUNT_DR": HistoryKind.UNFREEZE,
    "UNFREEZE_ACCOUNT_CR": HistoryKind.UNFREEZE,
}
IGNORED: Final = frozenset(
    {"INITIATE_WITHDRAW_PENDING_CR", "CONFIRM_WITHDRAW_PENDING_DR", "CANCEL_WITHDRAW_PENDING_DR"}
)
NO_USE: Final = IGNORED | {
    entry_type for entry_type, kind in KINDS.items() if kind in (HistoryKind.FREEZE, HistoryKind.UNFREEZE)
}
"""What happens to an account without its being used."""


# two in three entries may be ignored; so many in a row that the reads do not pass them end the history early
READ: Final = 200
MAX_READS: Final = 100


class HistoryEntry(msgspec.Struct, frozen=True):
    """US cents moved by one ledger transaction. A deposit and a withdrawal have its id."""

    kind: HistoryKind
    transaction_id: UUID
    amount: UsdCents
    recorded_at: datetime

    @classmethod
    def of(cls, entry: cala_ledger.Entry) -> HistoryEntry:
        kind = KINDS.get(entry.entry_type, HistoryKind.UNKNOWN)
        return cls(kind, entry.transaction_id, UsdCents(entry.amount), entry.recorded_at)


class Histories:
    def __init__(self, db: Database, authz: Authorizer, ledger: cala_ledger.Ledger) -> None:
        self._accounts = DepositAccountRepo(db)
        self._authz = authz
        self._ledger = ledger
        self._limit = db.page_limit

    async def list_history(self, ctx: Scope, account_id: UUID, page: Page) -> Found[HistoryEntry]:
        """Newest first, without what only moves money between layers."""
        self._authz.enforce(ctx, AccountAction.READ, account_id)
        return await self.page_of(account_id, page)

    async def page_of(self, account_id: UUID, page: Page) -> Found[HistoryEntry]:
        size = page.size(self._limit)
        shown: list[cala_ledger.Entry] = []
        position = position_after(page.after)
        for _ in range(MAX_READS):
            window = cala_ledger.Page(first=READ, after=position)
            found = await self._ledger.entries.by_account(account_id, window)
            shown += [entry for entry in found.entries if entry.entry_type not in IGNORED]
            if len(shown) > size or not found.has_more:
                break
            position = found.entries[-1].position
        kept = shown[:size]
        cursors = [encode_cursor({"position": entry.position}) for entry in kept]
        return Found([HistoryEntry.of(entry) for entry in kept], cursors, len(shown) > size)


def position_after(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    position = decode_cursor(cursor, frozenset({"position"}))["position"]
    if type(position) is not int or not 0 < position < 2**63:
        raise CursorDestructureError("a history's cursor is a position", field="after")
    return position
