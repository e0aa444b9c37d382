from __future__ import annotations

import pytest

from lana.lib.graphql.history import InvalidCursor, history_cursor, scrub, sequence_before

ID = "018f0000-0000-7000-8000-000000000001"


def test_only_the_outer_tag_is_dropped_from_a_payload() -> None:
    stored = {"type": "approval_rules_updated", "rules": {"type": "committee", "committee_id": ID}}
    assert scrub(stored, {}) == {"rules": {"type": "committee"}}


def test_ids_disappear_at_every_depth_but_lists_of_ids_stay() -> None:
    stored = {
        "type": "initialized",
        "id": ID,
        "name": "x",
        "member": ID,
        "nested": [{"id": 1, "user_id": 2, "n": 3}, ID],
        "permission_set_ids": [ID],
    }
    assert scrub(stored, {}) == {"name": "x", "nested": [{"n": 3}], "permission_set_ids": [ID]}


def test_a_digest_answers_the_current_value_and_null_after_erasure() -> None:
    stored = {"type": "initialized", "email_digest": "abc"}
    assert scrub(stored, {"email": "ann@example.com"}) == {"email": "ann@example.com"}
    assert scrub(stored, {}) == {"email": None}


def test_a_history_cursor_is_its_sequence() -> None:
    assert history_cursor(3) == "eyJzZXF1ZW5jZSI6M30"
    assert sequence_before("eyJzZXF1ZW5jZSI6M30") == 3
    assert sequence_before(None) is None


@pytest.mark.parametrize("cursor", ["x", "", "eyJpZCI6NDJ9", "eyJzZXF1ZW5jZSI6ImEifQ"])
def test_another_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        sequence_before(cursor)
