"""Where a check is made: a request (reads) or an Op (a command). Both collect what the audit must keep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from lana.lib.authz.primitives import Action, Check, Subject


class Scope(Protocol):
    """Something that acts for a subject and keeps its checks."""

    @property
    def subject(self) -> Subject: ...

    def record(self, check: Check) -> None:
        """Keep one enforced check for the audit."""
        ...


class Ctx(msgspec.Struct, kw_only=True):
    """One request, job run or event handling: who asks, and what must be remembered of it.

    `idempotency_key` is the caller's header (None: each command is done once). Checks of reads are merged,
    one entry per (action, answer) with the ids covered, and written before the answer (`Commands.flush`).
    """

    subject: Subject
    request_id: str = ""
    idempotency_key: str | None = None
    client_address: str | None = None
    traceparent: str | None = None
    cause: str | None = None
    _reads: dict[tuple[Action, bool], dict[UUID | None, None]] = msgspec.field(default_factory=dict)

    def record(self, check: Check) -> None:
        covered = self._reads.setdefault((check.action, check.authorized), {})
        for object_id in check.object_ids or (None,):
            covered[object_id] = None

    def take_reads(self) -> Sequence[Check]:
        """The merged checks since the last call, and forget them."""
        reads, self._reads = self._reads, {}
        return [
            Check(self.subject, action, () if None in ids else tuple(i for i in ids if i), authorized)
            for (action, authorized), ids in reads.items()
        ]

    @classmethod
    def system(cls, actor: str, *, cause: str | None = None) -> Ctx:
        return cls(subject=Subject.system(actor), cause=cause)
