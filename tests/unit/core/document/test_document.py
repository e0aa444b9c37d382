"""A document's states, and its names."""

from __future__ import annotations

from uuid import UUID

import pytest

from lana.core.document import Document, DocumentKind, DocumentNotReady, DocumentStatus, is_path
from lana.core.document.document.entity import Initialized
from lana.core.document.paths import path_of, sanitized
from lana.lib.es.entity import ALREADY, DONE

ID = UUID(int=1)
HASH = "ab" * 32


def a_document() -> Document:
    return Document.born(
        Initialized(
            id=ID,
            document_type=DocumentKind.TERM_SHEET,
            reference_id=UUID(int=2),
            sanitized_filename="a-pdf",
            original_filename="a.pdf",
            content_type="application/pdf",
            path_in_storage="documents/term_sheet/x.pdf",
            storage_identifier="local:kept",
        )
    )


def test_a_document_is_new_then_active() -> None:
    document = a_document()
    assert (document.status, document.is_stored, document.filename) == (DocumentStatus.NEW, False, "a-pdf")
    assert document.store(10, HASH) is DONE
    assert (document.status, document.size, document.sha256) == (DocumentStatus.ACTIVE, 10, HASH)


def test_its_bytes_never_change() -> None:
    document = a_document()
    document.store(10, HASH)
    assert document.store(11, "cd" * 32) is ALREADY
    assert document.fail("late") is ALREADY
    assert (document.size, document.status) == (10, DocumentStatus.ACTIVE)


def test_one_that_failed_may_be_stored_by_a_later_try() -> None:
    document = a_document()
    assert document.fail("no disk") is DONE
    assert document.fail("no disk") is ALREADY
    assert document.status is DocumentStatus.FAILED
    assert document.store(10, HASH) is DONE
    assert document.status is DocumentStatus.ACTIVE


def test_links_are_for_what_is_stored_also_when_archived() -> None:
    document = a_document()
    with pytest.raises(DocumentNotReady):
        document.link()
    document.store(10, HASH)
    assert document.archive() is DONE
    assert document.archive() is ALREADY
    assert document.link() is DONE
    assert document.status is DocumentStatus.ARCHIVED


def test_archived_before_it_is_stored_it_stays_archived() -> None:
    document = a_document()
    document.archive()
    assert document.store(10, HASH) is DONE
    assert (document.status, document.is_stored) == (DocumentStatus.ARCHIVED, True)


def test_deleted_it_takes_no_bytes_and_no_links() -> None:
    document = a_document()
    document.store(10, HASH)
    assert document.delete() is DONE
    assert document.delete() is ALREADY
    assert document.archive() is ALREADY
    with pytest.raises(DocumentNotReady):
        document.link()
    other = a_document()
    other.delete()
    assert other.store(10, HASH) is ALREADY


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("id card.png", "id-card-png"),
        (" a b.pdf ", "a-b-pdf"),
        ("../../x", "------x"),
        ("é漢1", "é漢1"),
        ("", ""),
    ],
)
def test_file_names_are_sanitized(given: str, kept: str) -> None:
    assert sanitized(given) == kept


def test_endless_names_end() -> None:
    assert len(sanitized("x" * 10_000)) == 255


@pytest.mark.parametrize(
    ("content_type", "ending"), [("application/pdf", ".pdf"), ("text/csv", ".csv"), ("image/png", "")]
)
def test_a_path_tells_its_type(content_type: str, ending: str) -> None:
    path = path_of(DocumentKind.TERM_SHEET, ID, content_type)
    assert path == f"documents/term_sheet/{ID}{ending}"
    assert is_path(path)
