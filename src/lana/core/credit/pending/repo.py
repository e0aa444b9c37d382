"""Pending facilities as stored, with the prices at which their states change."""

from __future__ import annotations

from typing import ClassVar

from lana.core.credit.pending.entity import PendingFacility
from lana.lib.es.children import ChildRepo
from lana.lib.es.table import Column


class PendingFacilityRepo(ChildRepo[PendingFacility]):
    entity: ClassVar[type[PendingFacility]] = PendingFacility
    table: ClassVar[str] = "pending_credit_facilities"
    label: ClassVar[str] = "PendingCreditFacility"
    parent: ClassVar[str] = "customer_id"
    columns = (
        Column("customer_id", "uuid", lambda pending: pending.customer_id),
        Column("status", "text", lambda pending: pending.status),
        Column("collateralization_state", "text", lambda pending: pending.collateralization_state),
        Column("amount", "int8", lambda pending: pending.amount),
        Column("collateral_id", "uuid", lambda pending: pending.collateral_id),
        Column("falls_at", "int8", lambda pending: pending.reach.falls_at),
        Column("rises_at", "int8", lambda pending: pending.reach.rises_at),
        Column("awaits_activation", "bool", lambda pending: pending.awaits_activation),
    )
