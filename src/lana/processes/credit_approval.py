"""A concluded approval process moves its proposal or disbursal on."""

from __future__ import annotations

from typing import ClassVar

from lana.core.credit import Actor, Disbursals, Proposals
from lana.core.governance import ApprovalProcessConcluded, ProcessType
from lana.lib.es.op import Op
from lana.lib.outbox import PublicEvent


class ProposalApproval:
    name: ClassVar[str] = "credit-facility-proposal-approval"
    takes: ClassVar[tuple[type[PublicEvent], ...]] = (ApprovalProcessConcluded,)
    actor: ClassVar[str] = Actor.PENDING_CREATION

    def __init__(self, proposals: Proposals) -> None:
        self._proposals = proposals

    async def handle(self, op: Op, event: PublicEvent) -> None:
        if not isinstance(event, ApprovalProcessConcluded):
            raise TypeError(f"{self.name} does not take {type(event).__name__}")
        if event.process_type is ProcessType.CREDIT_FACILITY_PROPOSAL:
            await self._proposals.conclude_approval(op, event.id, approved=event.status == "Approved")


class DisbursalApproval:
    name: ClassVar[str] = "disbursal-approval"
    takes: ClassVar[tuple[type[PublicEvent], ...]] = (ApprovalProcessConcluded,)
    actor: ClassVar[str] = Actor.DISBURSAL_APPROVAL

    def __init__(self, disbursals: Disbursals) -> None:
        self._disbursals = disbursals

    async def handle(self, op: Op, event: PublicEvent) -> None:
        if not isinstance(event, ApprovalProcessConcluded):
            raise TypeError(f"{self.name} does not take {type(event).__name__}")
        if event.process_type is ProcessType.DISBURSAL:
            await self._disbursals.conclude_approval(op, event.id, approved=event.status == "Approved")
