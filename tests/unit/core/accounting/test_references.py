from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from cala_ledger import Account, Direction, Status
from lana.core.accounting import JOURNAL_ID, EntityRef, code_of, entity_of, initiator_of, template_id
from lana.lib.authz import Subject

CHART = "018f0000-0000-7000-8000-000000000001"


def account(external_id: str | None, *, is_set: bool = True) -> Account:
    return Account(
        id=UUID(int=1),
        journal_id=JOURNAL_ID,
        is_set=is_set,
        code=None,
        external_id=external_id,
        name="x",
        description=None,
        normal_side=Direction.CREDIT,
        status=Status.ACTIVE,
        metadata=None,
        created_at=datetime(2026, 1, 31, tzinfo=UTC),
        position=1,
    )


@pytest.mark.parametrize(
    ("external_id", "code"),
    [
        (f"{CHART}.1", "1"),
        (f"{CHART}.11.01.0101", "11.01.0101"),
        (f"{CHART}:deposit-omnibus-account-set", None),
        (f"{CHART}.", None),
        ("1", None),
        (None, None),
    ],
)
def test_only_nodes_of_the_chart_have_a_code(external_id: str | None, code: str | None) -> None:
    assert code_of(account(external_id)) == code
    assert code_of(account(external_id, is_set=False)) is None


def test_metadata_says_whose_it_is_and_who_began_it() -> None:
    metadata = {"entity_ref": {"entity_type": "Deposit", "entity_id": CHART}, "initiated_by": f"user:{CHART}"}
    assert entity_of(metadata) == EntityRef("Deposit", UUID(CHART))
    assert initiator_of(metadata) == Subject.user(UUID(CHART))
    assert (entity_of(None), initiator_of({})) == (None, None)


def test_a_template_keeps_its_id() -> None:
    assert template_id("RECORD_DEPOSIT") == template_id("RECORD_DEPOSIT") != template_id("REVERT_DEPOSIT")
