"""Where documents are kept, and what makes PDFs, as the bank sees them."""

from __future__ import annotations

from typing import Final, Protocol

import msgspec

LARGEST_BYTES: Final = 20 * 1024 * 1024
MOST_ROWS: Final = 1_500
LONGEST_TEXT: Final = 2_000


class DocumentNotStored(Exception):
    """The store cannot be reached, is full, or the document is too large or ill-named."""


class DocumentMissing(DocumentNotStored):
    """Nothing is kept under this path."""


class StoreUnreachable(DocumentNotStored):
    """Not one file but all of them: the folder is not there, or nobody lets us in."""


class Unrenderable(Exception):
    """These texts make no PDF: too many, too long, or nothing a template can set."""


class Kept(msgspec.Struct, frozen=True):
    """What lies in the store; `size` in bytes, `sha256` in lower-case hex."""

    size: int
    sha256: str


class DocumentStore(Protocol):
    """Bytes under a path of ours (`documents/<type>/<id>.pdf`), at most `LARGEST_BYTES`."""

    @property
    def identifier(self) -> str:
        """Which store it is, e.g. `local:<folder>`."""
        ...

    async def put(self, path: str, content: bytes) -> bool:
        """All of it or nothing, there for good once this returns. The first to be put stays: False when
        there was one. DocumentNotStored.
        """
        ...

    async def get(self, path: str) -> bytes:
        """DocumentMissing, DocumentNotStored."""
        ...

    async def measure(self, path: str) -> Kept:
        """What `get` would answer, read in pieces and not kept. DocumentMissing, StoreUnreachable,
        DocumentNotStored.
        """
        ...

    async def delete(self, path: str) -> None:
        """Also when there is none. DocumentNotStored."""
        ...


class PlanRow(msgspec.Struct, frozen=True, kw_only=True):
    due: str
    kind: str
    amount: str


class PriceLevel(msgspec.Struct, frozen=True, kw_only=True):
    """`value`: of the bitcoin, against the whole facility; `fall`: of the price, from the initial level."""

    name: str
    cvl: str
    value: str
    fall: str


class TermSheet(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer accepts: texts as they are printed. The same texts make the same bytes.

    `date` is written `2026-01-15`. At most `MOST_ROWS` rows of the plan.
    """

    proposal_id: str
    date: str
    lender: str
    borrower: str
    email: str
    customer_id: str
    amount: str
    fee: str
    terms: list[tuple[str, str]]
    levels: list[PriceLevel]
    plan: list[PlanRow]
    total: str


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """`date` as in the term sheet; no address, no country: no such line."""

    customer_name: str
    customer_id: str
    email: str
    telegram: str
    address: str | None
    country: str | None
    date: str


class PdfRenderer(Protocol):
    """Bounded in time and size; any text is only text to it. Unrenderable, TimeoutError."""

    async def term_sheet(self, of: TermSheet) -> bytes: ...

    async def agreement(self, of: Agreement) -> bytes: ...
