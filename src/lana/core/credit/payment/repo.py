"""Payments as stored."""

from __future__ import annotations

from typing import ClassVar

from lana.core.credit.payment.entity import Payment
from lana.lib.es.children import ChildRepo
from lana.lib.es.table import Column


class PaymentRepo(ChildRepo[Payment]):
    entity: ClassVar[type[Payment]] = Payment
    table: ClassVar[str] = "payments"
    label: ClassVar[str] = "Payment"
    parent: ClassVar[str] = "facility_id"
    columns = (
        Column("facility_id", "uuid", lambda payment: payment.beneficiary_id),
        Column("amount", "int8", lambda payment: payment.amount),
    )
