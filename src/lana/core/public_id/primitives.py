"""Kinds of objects that carry a public id."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

import msgspec


class TargetKind(StrEnum):
    CUSTOMER = "customer"
    PROSPECT = "prospect"
    DEPOSIT_ACCOUNT = "deposit_account"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    CREDIT_FACILITY = "credit_facility"
    DISBURSAL = "disbursal"
    CREDIT_REQUEST = "credit_request"


class PublicIdTarget(msgspec.Struct, frozen=True):
    """What a public id stands for."""

    kind: TargetKind
    target_id: UUID
