"""A concluded approval process moves its withdrawal on."""

from __future__ import annotations

from typing import ClassVar

from lana.core.deposit import Withdrawals
from lana.core.governance import ApprovalProcessConcluded, ProcessType
from lana.lib.es.op import Op
from lana.lib.outbox import PublicEvent


class WithdrawalApproval:
    name: ClassVar[str] = "withdrawal-approval"
    takes: ClassVar[tuple[type[PublicEvent], ...]] = (ApprovalProcessConcluded,)
    actor: ClassVar[str] = "deposit-approval"

    def __init__(self, withdrawals: Withdrawals) -> None:
        self._withdrawals = withdrawals

    async def handle(self, op: Op, event: PublicEvent) -> None:
        if not isinstance(event, ApprovalProcessConcluded):
            raise TypeError(f"{self.name} does not take {type(event).__name__}")
        if event.process_type is ProcessType.WITHDRAW:
            await self._withdrawals.conclude_approval(op, event.id, approved=event.status == "Approved")
