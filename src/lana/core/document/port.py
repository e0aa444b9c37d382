"""Where documents are kept, and what makes PDFs, as the bank sees them."""

from __future__ import annotations

from typing import Protocol

import msgspec


class DocumentNotStored(Exception):
    """There is no such document, or the store cannot be reached."""


class DocumentStore(Protocol):
    """Bytes under a path of ours (`documents/<kind>/<id>.pdf`)."""

    async def put(self, path: str, content: bytes) -> None:
        """All or nothing; again under the same path replaces. DocumentNotStored."""
        ...

    async def get(self, path: str) -> bytes:
        """DocumentNotStored."""
        ...


class PlanRow(msgspec.Struct, frozen=True, kw_only=True):
    due: str
    kind: str
    amount: str


class TermSheet(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer accepts: texts as they are printed. The same texts make the same bytes."""

    proposal_id: str
    date: str
    lender: str
    borrower: str
    amount: str
    terms: list[tuple[str, str]]
    levels: list[tuple[str, str]]
    fee: str
    plan: list[PlanRow]


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    customer_name: str
    customer_id: str
    email: str
    telegram: str
    address: str | None
    country: str | None
    date: str


class PdfRenderer(Protocol):
    """Bounded in time and size; any text is only text to it."""

    async def term_sheet(self, of: TermSheet) -> bytes: ...

    async def agreement(self, of: Agreement) -> bytes: ...
