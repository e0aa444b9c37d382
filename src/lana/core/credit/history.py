"""What a facility's page tells: a row per entry, written by the Op that makes it, newest first when read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from lana.core.credit.cvl import CollateralizationState, PendingState
from lana.core.credit.primitives import CollateralDirection
from lana.lib.es.op import Op
from lana.lib.es.table import RowTable
from lana.lib.money import Satoshis, UsdCents

MOST: Final = 1_000
"""Entries a facility shows."""

TABLE: Final = RowTable(
    "credit_history",
    ("facility_id", "id"),
    (
        ("facility_id", "uuid"),
        ("id", "uuid"),
        ("kind", "text"),
        ("effective", "date"),
        ("recorded_at", "timestamptz"),
        ("data", "jsonb"),
    ),
)


class Approved(msgspec.Struct, frozen=True, kw_only=True, tag="approved"):
    cents: UsdCents
    ledger_transaction_id: UUID


class PendingCollateralizationUpdated(
    msgspec.Struct, frozen=True, kw_only=True, tag="pending_collateralization_updated"
):
    state: PendingState
    collateral: Satoshis
    price: UsdCents


class CollateralizationUpdated(msgspec.Struct, frozen=True, kw_only=True, tag="collateralization_updated"):
    state: CollateralizationState
    collateral: Satoshis
    outstanding_interest: UsdCents
    outstanding_disbursal: UsdCents
    price: UsdCents


class CollateralChanged(msgspec.Struct, frozen=True, kw_only=True, tag="collateral_updated"):
    satoshis: Satoshis
    direction: CollateralDirection
    ledger_transaction_id: UUID


class CollateralSentOut(msgspec.Struct, frozen=True, kw_only=True, tag="collateral_sent_out"):
    amount: Satoshis
    ledger_transaction_id: UUID


class RepaymentAmountReceived(msgspec.Struct, frozen=True, kw_only=True, tag="repayment_amount_received"):
    cents: UsdCents
    ledger_transaction_id: UUID


class IncrementalPayment(msgspec.Struct, frozen=True, kw_only=True, tag="incremental_payment"):
    """`payment_id` is the allocation's."""

    cents: UsdCents
    payment_id: UUID


class DisbursalExecuted(msgspec.Struct, frozen=True, kw_only=True, tag="disbursal_executed"):
    cents: UsdCents
    ledger_transaction_id: UUID


class InterestAccrued(msgspec.Struct, frozen=True, kw_only=True, tag="interest_accrued"):
    """`days` of the cycle."""

    cents: UsdCents
    days: int
    ledger_transaction_id: UUID


Told = (
    Approved
    | PendingCollateralizationUpdated
    | CollateralizationUpdated
    | CollateralChanged
    | CollateralSentOut
    | RepaymentAmountReceived
    | IncrementalPayment
    | DisbursalExecuted
    | InterestAccrued
)


class Entry(msgspec.Struct, frozen=True):
    effective: date
    recorded_at: datetime
    told: Told


def tell(op: Op, facility_id: UUID, told: Told, effective: date | None = None) -> None:
    """An entry, effective today unless it says otherwise."""
    kind = str(told.__struct_config__.tag)
    op.put(TABLE, facility_id, op.new_id(), kind, effective or op.today, op.now, told)


def entry(row: Sequence[Any]) -> Entry:
    """From `(id, recorded_at, data, effective)`."""
    _, recorded_at, data, effective = row
    return Entry(effective, recorded_at, msgspec.json.decode(data, type=Told))
