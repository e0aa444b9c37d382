"""What a facility's page tells: a row per entry, written by the Op that makes it, newest first when read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from lana.core.credit.cvl import CollateralizationState, PendingState
from lana.core.credit.primitives import CollateralDirection
from lana.lib.es.loader import Loader
from lana.lib.es.op import Op
from lana.lib.es.table import RowTable
from lana.lib.money import Satoshis, UsdCents
from lana.lib.pg.database import Database

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

_OF: Final = (
    "select p.id, h.effective, h.recorded_at, h.data from unnest(%b::uuid[]) as p(id), lateral"
    " (select id, effective, recorded_at, data from credit_history where facility_id = p.id"
    " order by id desc limit %b::int8) as h"
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


class CreditHistory:
    def __init__(self, db: Database) -> None:
        self._db = db
        self._loader: Loader[list[Entry]] = Loader(self._load)

    async def of(self, facility_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Entry]]:
        """Each facility's, newest first, up to `MOST`; loads of one moment share a statement."""
        found = await self._loader.load_many(list(facility_ids))
        return {facility_id: found.get(facility_id, []) for facility_id in facility_ids}

    async def _load(self, facility_ids: Sequence[UUID]) -> dict[UUID, list[Entry]]:
        found: dict[UUID, list[Entry]] = {}
        for facility_id, effective, recorded_at, data in await self._db.fetch(
            _OF, [list(facility_ids), MOST]
        ):
            told = msgspec.json.decode(data, type=Told)
            found.setdefault(facility_id, []).append(Entry(effective, recorded_at, told))
        return found
