"""Facilities as stored, with the prices at which their states change."""

from __future__ import annotations

from typing import ClassVar

from lana.core.credit.facility.entity import Facility
from lana.core.credit.terms_key import E8, terms_key
from lana.lib.es.children import ChildRepo
from lana.lib.es.table import Column


class FacilityRepo(ChildRepo[Facility]):
    entity: ClassVar[type[Facility]] = Facility
    table: ClassVar[str] = "credit_facilities"
    label: ClassVar[str] = "CreditFacility"
    parent: ClassVar[str] = "customer_id"
    columns = (
        Column("customer_id", "uuid", lambda facility: facility.customer_id),
        Column("public_id", "int8", lambda facility: int(facility.public_id)),
        Column("status", "text", lambda facility: facility.status),
        Column("collateralization_state", "text", lambda facility: facility.collateralization_state),
        Column("ratio", "int8", lambda facility: facility.sort_key),
        Column("maturity_date", "date", lambda facility: facility.maturity_date),
        Column("collateral_id", "uuid", lambda facility: facility.collateral_id),
        Column("collateral", "int8", lambda facility: facility.position.collateral),
        Column("exposure", "int8", lambda facility: facility.position.exposure),
        Column("falls_at", "int8", lambda facility: facility.reach.falls_at),
        Column("rises_at", "int8", lambda facility: facility.reach.rises_at),
        Column("awaits_liquidation", "bool", lambda facility: facility.awaits_liquidation),
        Column("margin_call_from", "int8", lambda facility: facility.thresholds.margin_call_from),
        Column("back_from", "int8", lambda facility: facility.thresholds.back_from),
        Column("liquidation_from", "int8", lambda facility: facility.thresholds.liquidation_from),
        Column("initial_cvl_e8", "int8", lambda facility: int(facility.terms.initial_cvl * E8)),
        Column("terms_key", "uuid", lambda facility: terms_key(facility.terms)),
    )
