"""An account's history as its holder understands it, made of its ledger entries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Final
from uuid import UUID

import cala_ledger
import msgspec

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


class HistoryEntry(msgspec.Struct, frozen=True):
    """US cents moved by one ledger transaction. A deposit and a withdrawal have its id."""

    kind: HistoryKind
    transaction_id: UUID
    amount: UsdCents
    recorded_at: datetime


class Histories:
    def __init__(self, db: Database, authz: Authorizer, ledger: cala_ledger.Ledger) -> None:
        self._accounts = DepositAccountRepo(db)
        self._authz = authz
        self._ledger = ledger
        self._limit = db.page_limit

    async def list_history(self, ctx: Scope, account_id: UUID, page: Page) -> Found[HistoryEntry]:
        """Newest first. What only moves money between layers is left out after paging, so a page may be short."""
        self._authz.enforce(ctx, AccountAction.READ, account_id)
        return await self.page_of(account_id, page)

    async def page_of(self, account_id: UUID, page: Page) -> Found[HistoryEntry]:
        size = page.size(self._limit)
        entries = await self._ledger.entries.by_account(
            account_id, size + 1, after=position_after(page.after)
        )
        return shown(entries[:size], has_next=len(entries) > size)


def position_after(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    position = decode_cursor(cursor, frozenset({"position"}))["position"]
    if type(position) is not int or not 0 < position < 2**63:
        raise CursorDestructureError("a history's cursor is a position", field="after")
    return position


def shown(entries: Sequence[cala_ledger.Entry], *, has_next: bool) -> Found[HistoryEntry]:
    kept = [entry for entry in entries if entry.entry_type not in IGNORED]
    items = [
        HistoryEntry(
            KINDS.get(entry.entry_type, HistoryKind.UNKNOWN),
            entry.transaction_id,
            UsdCents(entry.amount),
            entry.recorded_at,
        )
        for entry in kept
    ]
    return Found(items, [encode_cursor({"position": entry.position}) for entry in kept], has_next)
