"""What other domains may hear of governance."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from lana.core.governance.primitives import ProcessType
from lana.lib.outbox import PublicEvent


class ApprovalProcessConcluded(PublicEvent, frozen=True):
    """A decision was made. The process's id is its target's id."""

    module: ClassVar[str] = "Governance"
    id: UUID
    process_type: ProcessType
    status: Literal["Approved", "Denied"]
    target_ref: str
