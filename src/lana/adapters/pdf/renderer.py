"""Documents as PDF, from templates that are files of ours; data comes in as JSON, never as markup.

The date is data as well, so the same data makes the same bytes: a term sheet's hash can be made again.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import msgspec
import typst

from lana.core.document import Agreement, TermSheet

TEMPLATES: Final = Path(__file__).parent / "templates"
TIMEOUT_SECONDS: Final = 30.0
AT_ONCE: Final = 2


class TypstRenderer:
    """`AT_ONCE` documents at a time, off the event loop."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def term_sheet(self, of: TermSheet) -> bytes:
        return await self._render("term_sheet.typ", of)

    async def agreement(self, of: Agreement) -> bytes:
        return await self._render("agreement.typ", of)

    async def _render(self, template: str, data: TermSheet | Agreement) -> bytes:
        text = msgspec.json.encode(data).decode()
        async with self._turns, asyncio.timeout(TIMEOUT_SECONDS):
            return await asyncio.to_thread(_compile, TEMPLATES / template, text)


def _compile(template: Path, data: str) -> bytes:
    return bytes(
        typst.compile(
            str(template), root=str(TEMPLATES), format="pdf", sys_inputs={"data": data}, timestamp=0
        )
    )
