"""What accounts and transactions of the ledger say about the bank: their place in the
chart, whose they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from uuid import UUID, uuid5

import msgspec

import cala_ledger
from lana.core.accounting.primitives import JOURNAL_ID
from lana.lib.authz import Subject

_CODE: Final = re.compile(r"[0-9a-f-]{36}\.(\d+(?:\.\d+)*)")


class EntityRef(msgspec.Struct, frozen=True):
    """`DepositAccount`, `Deposit`, `Withdrawal`, … and its id."""

    entity_type: str
    entity_id: UUID


class _Metadata(msgspec.Struct, frozen=True):
    entity_ref: EntityRef | None = None
    initiated_by: str | None = None


def entity_of(metadata: Mapping[str, object] | None) -> EntityRef | None:
    """Whose account or transaction it is; None for the bank's own."""
    return msgspec.convert(metadata or {}, _Metadata).entity_ref


def initiator_of(metadata: Mapping[str, object] | None) -> Subject | None:
    known = msgspec.convert(metadata or {}, _Metadata).initiated_by
    return Subject.parse(known) if known else None


def code_of(account: cala_ledger.Account) -> str | None:
    """A node of the chart carries `<chart id>.<code>`; accounts and sets of the domains carry no code."""
    found = _CODE.fullmatch(account.external_id or "") if account.is_set else None
    return found.group(1) if found else None


def template_id(code: str) -> UUID:
    """A template is known by its code; clients want an id that stays."""
    return uuid5(JOURNAL_ID, code)
