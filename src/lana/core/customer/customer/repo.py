"""Customers as stored, with what their lists filter by."""

from __future__ import annotations

from lana.core.customer.customer.entity import Customer
from lana.lib.es.repo import Repo
from lana.lib.es.table import Column


class CustomerRepo(Repo[Customer]):
    entity = Customer
    table = "customers"
    label = "Customer"
    columns = (
        Column("customer_type", "text", lambda customer: customer.customer_type),
        Column("status", "text", lambda customer: customer.status),
        Column("public_id", "int8", lambda customer: int(customer.public_id)),
    )
