"""Withdrawals as stored, with what their lists filter and sort by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from lana.core.deposit.primitives import WithdrawalStatus
from lana.core.deposit.withdrawal.entity import Withdrawal
from lana.lib.es.children import ChildRepo
from lana.lib.es.table import Column

_BY_CANCELLATION: Final = (
    "select cancelled_tx_id, id from withdrawals where cancelled_tx_id = any(%b::uuid[])"
)
_HAS_PENDING: Final = (
    "select exists(select from withdrawals where deposit_account_id = any(%b::uuid[])"
    " and status = any(%b::text[]))"
)
PENDING: Final = (WithdrawalStatus.PENDING_APPROVAL, WithdrawalStatus.PENDING_CONFIRMATION)


class WithdrawalRepo(ChildRepo[Withdrawal]):
    entity = Withdrawal
    table = "withdrawals"
    label = "Withdrawal"
    parent = "deposit_account_id"
    columns = (
        Column("deposit_account_id", "uuid", lambda withdrawal: withdrawal.deposit_account_id),
        Column("status", "text", lambda withdrawal: withdrawal.status),
        Column("amount", "int8", lambda withdrawal: withdrawal.amount),
        Column("public_id", "int8", lambda withdrawal: int(withdrawal.public_id)),
        Column("cancelled_tx_id", "uuid", lambda withdrawal: withdrawal.cancelled_tx_id),
    )

    async def ids_by_cancellation(self, transaction_ids: Sequence[UUID]) -> dict[UUID, UUID]:
        """Which withdrawal each cancelling ledger transaction belongs to."""
        if not transaction_ids:
            return {}
        rows = await self.db.fetch(_BY_CANCELLATION, [list(transaction_ids)])
        return {row[0]: row[1] for row in rows}

    async def has_pending(self, account_ids: Sequence[UUID]) -> bool:
        rows = await self.db.fetch(_HAS_PENDING, [list(account_ids), [status.value for status in PENDING]])
        return bool(rows[0][0])
