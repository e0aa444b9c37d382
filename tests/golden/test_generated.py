from __future__ import annotations

import pytest

from tests.golden.write import GENERATED, ROOT


@pytest.mark.parametrize("name", sorted(GENERATED))
def test_what_is_checked_in_is_what_the_code_says(name: str) -> None:
    assert (ROOT / name).read_text() == GENERATED[name](), f"{name} is old: `make schemas` writes it anew"
