"""Documents as PDF, from templates that are files of ours; data comes in as JSON, never as markup.

Guarantees: the same data makes the same bytes (the date is data, only typst's own fonts are used), so a term
sheet's hash can be made again. Time and memory are bounded by what is let in: rows, lengths of texts. Two
threads set documents, off the event loop; one that takes too long keeps its thread, so there are never more.
"""

from __future__ import annotations

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, cast

import msgspec
import typst

from lana.core.document import LARGEST_BYTES, LONGEST_TEXT, MOST_ROWS, Agreement, TermSheet, Unrenderable

TEMPLATES: Final = Path(__file__).parent / "templates"
TIMEOUT_SECONDS: Final = 30.0
AT_ONCE: Final = 2
MOST_TEXTS: Final = 6 * MOST_ROWS
TURNING: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class TypstRenderer:
    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="typst")

    async def term_sheet(self, of: TermSheet) -> bytes:
        if len(of.plan) > MOST_ROWS:
            raise Unrenderable(f"a plan of {len(of.plan)} rows; at most {MOST_ROWS}")
        return await self._render("term_sheet.typ", of)

    async def agreement(self, of: Agreement) -> bytes:
        return await self._render("agreement.typ", of)

    def close(self) -> None:
        """What is being set is finished; what waits is not begun."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _render(self, template: str, data: TermSheet | Agreement) -> bytes:
        text = _json(data)
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return await loop.run_in_executor(self._threads, _compile, TEMPLATES / template, text)


def _json(data: TermSheet | Agreement) -> str:
    count = 0

    def cleaned(value: object) -> object:
        nonlocal count
        count += 1
        if count > MOST_TEXTS:
            raise Unrenderable(f"more than {MOST_TEXTS} texts")
        match value:
            case str():
                return _printable(value)
            case dict():
                return {name: cleaned(each) for name, each in cast("dict[str, object]", value).items()}
            case list() | tuple():
                return [cleaned(each) for each in cast("list[object]", value)]
            case _:
                return value

    try:
        return msgspec.json.encode(cleaned(msgspec.to_builtins(data))).decode()
    except UnicodeEncodeError as error:
        raise Unrenderable(f"a text is not Unicode: {error.reason}") from error


def _printable(text: str) -> str:
    """Without control characters, and without those that turn the direction of what follows: a name must not
    change how an amount beside it reads.
    """
    if len(text) > LONGEST_TEXT:
        raise Unrenderable(f"a text of {len(text)} characters; at most {LONGEST_TEXT}")
    kept = (" " if c in "\t\r\n" else c for c in text)
    return "".join(c for c in kept if unicodedata.category(c) != "Cc" and c not in TURNING)


def _compile(template: Path, data: str) -> bytes:
    try:
        made = typst.compile(
            str(template),
            root=str(TEMPLATES),
            format="pdf",
            sys_inputs={"data": data},
            ignore_system_fonts=True,
            timestamp=0,
        )
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        # a panic of the library is no Exception, and would end the worker
        raise Unrenderable(f"{template.name}: {error!r}"[:500]) from error
    if len(made) > LARGEST_BYTES:
        raise Unrenderable(f"a PDF of {len(made)} bytes; at most {LARGEST_BYTES}")
    return made
