"""A bank may use what it depends on, and says what that is."""

from __future__ import annotations

import pytest

from tests.golden.licences import EXCEPTIONS, Package, packages


def package(licence: str, name: str = "something") -> Package:
    return Package(name, "1.0", "bank", licence)


def test_every_package_has_a_licence_a_bank_may_use() -> None:
    refused = {p.name: p.licence for p in packages() if not p.allowed}
    assert refused == {}, "replace it, or allow it by name in tests/golden/licences.py with the reason"


def test_the_bank_itself_needs_no_exception() -> None:
    assert {p.name for p in packages() if p.use == "bank"} & EXCEPTIONS.keys() == set()


def test_every_exception_is_still_needed() -> None:
    assert EXCEPTIONS.keys() <= {p.name for p in packages()}


@pytest.mark.parametrize(
    "licence",
    [
        "unknown", "AGPL-3.0-only", "GPL-2.0-only", "GPL-3.0-or-later", "SSPL-1.0", "BUSL-1.1", "Proprietary",
        "Apache-2.0 AND SSPL-1.0", "(MIT OR Apache-2.0) AND AGPL-3.0-only",
    ],
)  # fmt: skip
def test_other_licences_are_refused(licence: str) -> None:
    assert not package(licence).allowed


@pytest.mark.parametrize("licence", ["MIT", "GPL-2.0-only OR MIT", "(MIT OR GPL-3.0-only) AND BSD-2-Clause"])
def test_one_side_of_a_choice_is_enough(licence: str) -> None:
    assert package(licence).allowed


def test_transitive_packages_are_looked_at() -> None:
    uses = {p.name: p.use for p in packages()}
    assert uses["pycparser"] == "bank"
    assert uses["urllib3"] == "local"
