"""Signed links: the specification's example, and what opens nothing."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lana.core.document import BadLink, Links

PATH = "documents/loan/abc.pdf"
EXPIRES = 1714564800
SIGNATURE = "4b958dcc625ea845c67bab53f7b3d301a03da577a3056ad3b58dbfa69f5fe20b"


def at(seconds: float, secret: str = "dev-secret") -> Links:
    return Links(
        "http://admin.localhost:4455/",
        "http://app.localhost:4455",
        secret,
        lambda: datetime.fromtimestamp(seconds, UTC),
    )


def encoded(path: str | bytes) -> str:
    raw = path.encode() if isinstance(path, str) else path
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def refused(links: Links, path: str, expires: str, sig: str) -> tuple[int, str]:
    with pytest.raises(BadLink) as error:
        links.opened(path, expires, sig)
    return error.value.status, error.value.sentence


def test_the_example_of_the_specification() -> None:
    assert at(0).path_and_query(PATH, EXPIRES) == (
        f"/local-storage/ZG9jdW1lbnRzL2xvYW4vYWJjLnBkZg?expires={EXPIRES}&sig={SIGNATURE}"
    )
    assert at(EXPIRES).opened("ZG9jdW1lbnRzL2xvYW4vYWJjLnBkZg", str(EXPIRES), SIGNATURE) == PATH


def test_a_link_works_for_an_hour_on_the_host_of_who_asked() -> None:
    link = at(EXPIRES - 3600).link(PATH)
    assert link == f"http://admin.localhost:4455{at(0).path_and_query(PATH, EXPIRES)}"
    assert at(0).link(PATH, of_customer=True).startswith("http://app.localhost:4455/local-storage/")


def test_a_link_that_expired_is_told_so() -> None:
    assert refused(at(EXPIRES + 0.1), encoded(PATH), str(EXPIRES), SIGNATURE) == (403, "Link has expired")


@pytest.mark.parametrize(
    "expires",
    ["", "x", "-1", "+1714564800", " 1714564800", "1714564800.0", "١٧١٤٥٦٤٨٠٠", "01714564800", "9" * 5_000],
)
def test_an_expiry_that_is_no_number_has_expired(expires: str) -> None:
    assert refused(at(0), encoded(PATH), expires, SIGNATURE) == (403, "Link has expired")


@pytest.mark.parametrize(
    "sig", ["", "0" * 64, SIGNATURE.upper(), SIGNATURE[:-1], SIGNATURE + "0", "é" * 64, "\ud800", "\0"]
)
def test_a_forged_signature_is_refused(sig: str) -> None:
    assert refused(at(0), encoded(PATH), str(EXPIRES), sig) == (403, "Invalid signature")


def test_a_signature_is_for_one_path_one_expiry_and_one_secret() -> None:
    wrong = (403, "Invalid signature")
    assert refused(at(0), encoded("documents/loan/abd.pdf"), str(EXPIRES), SIGNATURE) == wrong
    assert refused(at(0), encoded(PATH), str(EXPIRES + 1), SIGNATURE) == wrong
    assert refused(at(0, "other"), encoded(PATH), str(EXPIRES), SIGNATURE) == wrong


@pytest.mark.parametrize(
    "path",
    ["../etc/passwd", "/etc/passwd", "documents/../x", "documents/loan/../../x", "documents/a/b\0", "", "x",
     "staging/abc", "documents/loan/abc.pdf:1"],
)  # fmt: skip
def test_a_path_that_is_none_of_ours_is_refused_before_anything_else(path: str) -> None:
    assert refused(at(EXPIRES + 1), encoded(path), str(EXPIRES), SIGNATURE) == (400, "Invalid path")


@pytest.mark.parametrize("text", ["!", "a", "ZG9j dW1l", "ZG9j%2F", "é"])
def test_what_is_no_base64_is_told_so(text: str) -> None:
    assert refused(at(0), text, str(EXPIRES), SIGNATURE) == (400, "Invalid base64 encoding")


def test_what_is_no_text_is_told_so() -> None:
    assert refused(at(0), encoded(b"\xff\xfe"), str(EXPIRES), SIGNATURE) == (400, "Invalid path encoding")


def test_an_endless_path_is_refused_unread() -> None:
    assert refused(at(0), "a" * 100_000, str(EXPIRES), SIGNATURE) == (400, "Invalid path")


@given(st.text(max_size=200), st.text(max_size=30), st.text(max_size=80))
def test_no_input_is_a_fault_or_opens_anything(path: str, expires: str, sig: str) -> None:
    with pytest.raises(BadLink):
        at(0).opened(path, expires, sig)


def test_links_need_a_secret_and_do_not_show_it() -> None:
    with pytest.raises(ValueError, match="STORAGE_SIGNING_SECRET"):
        at(0, "")
    assert "dev-secret" not in repr(at(0))
