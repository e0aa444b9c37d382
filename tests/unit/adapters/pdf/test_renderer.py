"""PDFs: the same texts make the same bytes, any text is only text, nothing is without bound."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import typst
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lana.adapters.pdf import TypstRenderer, renderer
from lana.core.document import LONGEST_TEXT, MOST_ROWS, Unrenderable
from tests.support.papers import a_term_sheet, an_agreement

POISON = (
    '#import "/etc/passwd": * #read("/etc/passwd") #panic() $x^2$ *b* _i_ `c` <label> @ref \\u{41} // /* "q" = h\n- l',
    "\x00\x01\x1b[31m\u202egnp.exe\u2066",
    "w" * LONGEST_TEXT,
    "漢字 😀 \U0010ffff \ufdd0 e\u0301\u0301\u0301",
    "",
)


@pytest.fixture
def pdfs() -> Iterator[TypstRenderer]:
    running = TypstRenderer()
    yield running
    running.close()


async def test_the_same_texts_make_the_same_bytes_at_any_time_in_any_process(pdfs: TypstRenderer) -> None:
    first = await pdfs.term_sheet(a_term_sheet())
    another = TypstRenderer()
    assert await another.term_sheet(a_term_sheet()) == first
    assert await pdfs.agreement(an_agreement()) == await another.agreement(an_agreement())
    another.close()
    assert first.startswith(b"%PDF-")
    assert b"2026-01-15" in first


async def test_another_text_makes_other_bytes(pdfs: TypstRenderer) -> None:
    other = await pdfs.term_sheet(a_term_sheet(borrower="Ann Exampel"))
    assert other != await pdfs.term_sheet(a_term_sheet())


@pytest.mark.parametrize("text", POISON)
async def test_poisoned_text_is_set_as_text(pdfs: TypstRenderer, text: str) -> None:
    assert (await pdfs.term_sheet(a_term_sheet(borrower=text))).startswith(b"%PDF-")
    assert (await pdfs.agreement(an_agreement(name=text, address=text))).startswith(b"%PDF-")


@given(st.text(max_size=60))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_name_makes_a_pdf(pdfs: TypstRenderer, name: str) -> None:
    assert (await pdfs.agreement(an_agreement(name=name))).startswith(b"%PDF-")


def test_markup_in_data_is_shown_and_never_run() -> None:
    """Markup that typst ran would make other pictures than the same text escaped."""
    shown, letters = (
        typst.compile(
            f"#let data = json(bytes(sys.inputs.data))\n#set page(height: auto)\n#{what}".encode(),
            format="svg",
            sys_inputs={"data": renderer._json(an_agreement(name="*b* #sys.version"))},
            ignore_system_fonts=True,
        )
        for what in ("data.customer_name", '"*b* #sys.version"')
    )
    assert shown == letters


def test_a_text_cannot_turn_the_direction_of_what_stands_beside_it() -> None:
    turned = renderer._json(an_agreement(name="a\u202eb\x07c\td\u2069"))
    assert '"customer_name":"abc d"' in turned


async def test_text_that_is_no_unicode_is_refused(pdfs: TypstRenderer) -> None:
    with pytest.raises(Unrenderable, match="not Unicode"):
        await pdfs.agreement(an_agreement(name="\ud800"))


async def test_too_many_rows_and_too_long_texts_are_refused(pdfs: TypstRenderer) -> None:
    with pytest.raises(Unrenderable, match="1501 rows"):
        await pdfs.term_sheet(a_term_sheet(MOST_ROWS + 1))
    with pytest.raises(Unrenderable, match="2001 characters"):
        await pdfs.agreement(an_agreement(name="x" * (LONGEST_TEXT + 1)))
    many = a_term_sheet()
    many.terms.extend([("a", "b")] * 9_000)
    with pytest.raises(Unrenderable, match="more than 9000 texts"):
        await pdfs.term_sheet(many)


async def test_the_longest_plan_is_set_within_its_time(pdfs: TypstRenderer) -> None:
    started = time.monotonic()
    content = await pdfs.term_sheet(a_term_sheet(MOST_ROWS))
    assert time.monotonic() - started < renderer.TIMEOUT_SECONDS
    assert len(content) < 5_000_000


async def test_the_loop_goes_on_while_a_document_is_set(pdfs: TypstRenderer) -> None:
    task = asyncio.create_task(pdfs.term_sheet(a_term_sheet(MOST_ROWS)))
    turns = 0
    while not task.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns > 100


async def test_one_that_takes_too_long_is_given_up(
    pdfs: TypstRenderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renderer, "TIMEOUT_SECONDS", 0.0)
    with pytest.raises(TimeoutError):
        await pdfs.term_sheet(a_term_sheet(MOST_ROWS))


class Panic(BaseException):
    """As the library's own, which is no Exception."""


@pytest.mark.parametrize("fault", [RuntimeError("unknown variable"), Panic("index out of bounds")])
async def test_a_fault_of_the_library_is_an_answer(
    pdfs: TypstRenderer, monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    def failing(*_: object, **__: object) -> bytes:
        raise fault

    monkeypatch.setattr(typst, "compile", failing)
    with pytest.raises(Unrenderable, match=r"agreement\.typ"):
        await pdfs.agreement(an_agreement())


def test_templates_take_data_from_one_place_only() -> None:
    """No text of a caller's is ever part of a template."""
    for template in renderer.TEMPLATES.glob("*.typ"):
        lines = template.read_text()
        assert lines.count("sys.inputs") == (0 if template.name == "house.typ" else 1)
        assert "eval(" not in lines
    assert {path.name for path in Path(renderer.TEMPLATES).iterdir()} == {
        "agreement.typ", "house.typ", "term_sheet.typ",
    }  # fmt: skip
