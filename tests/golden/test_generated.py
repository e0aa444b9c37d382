from __future__ import annotations

import pytest

from lana.lib.outbox import decode, known_events
from tests.golden.samples import instance_of, load_domains
from tests.golden.write import GENERATED, ROOT


@pytest.mark.parametrize("name", sorted(GENERATED))
def test_what_is_checked_in_is_what_the_code_says(name: str) -> None:
    assert (ROOT / name).read_text() == GENERATED[name](), f"{name} is old: `make schemas` writes it anew"


def test_every_public_event_is_read_as_it_was_written() -> None:
    load_domains()
    for event in (each for each in known_events() if each.__module__.startswith("lana.")):
        written = instance_of(event)
        assert decode(written.encode()) == written
