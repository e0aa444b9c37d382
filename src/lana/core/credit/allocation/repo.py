"""Allocations as stored."""

from __future__ import annotations

from typing import ClassVar

from lana.core.credit.allocation.entity import Allocation
from lana.lib.es.children import ChildRepo
from lana.lib.es.table import Column


class AllocationRepo(ChildRepo[Allocation]):
    entity: ClassVar[type[Allocation]] = Allocation
    table: ClassVar[str] = "payment_allocations"
    label: ClassVar[str] = "PaymentAllocation"
    parent: ClassVar[str] = "facility_id"
    columns = (
        Column("facility_id", "uuid", lambda allocation: allocation.beneficiary_id),
        Column("payment_id", "uuid", lambda allocation: allocation.payment_id),
        Column("amount", "int8", lambda allocation: allocation.amount),
    )
