"""Obligations as stored, with the date on which each changes by itself."""

from __future__ import annotations

from typing import ClassVar

from lana.core.credit.obligation.entity import Obligation
from lana.core.credit.of_parents import ChildRepo
from lana.lib.es.table import Column


class ObligationRepo(ChildRepo[Obligation]):
    entity: ClassVar[type[Obligation]] = Obligation
    table: ClassVar[str] = "obligations"
    label: ClassVar[str] = "Obligation"
    parent: ClassVar[str] = "facility_id"
    columns = (
        Column("facility_id", "uuid", lambda obligation: obligation.beneficiary_id),
        Column("obligation_type", "text", lambda obligation: obligation.obligation_type),
        Column("status", "text", lambda obligation: obligation.status),
        Column("outstanding", "int8", lambda obligation: obligation.outstanding),
        Column("next_transition", "date", lambda obligation: obligation.next_transition),
    )
