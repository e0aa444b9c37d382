"""What objects of many kinds refer to, by id; loads of one moment share a statement."""

from __future__ import annotations

from uuid import UUID

from lana.admin_server.common import Info
from lana.admin_server.refs import ApprovalProcessRef, CustomerRef


async def customer_of(info: Info, customer_id: UUID) -> CustomerRef:
    from lana.admin_server import customer

    request = info.context
    find_many = request.app.customers.find_many_customers
    return customer.Customer.of(await request.need(find_many, customer_id, "Customer"))


async def process_of(info: Info, process_id: UUID) -> ApprovalProcessRef:
    from lana.admin_server import governance

    request = info.context
    find_many = request.app.governance.find_many_processes
    return governance.ApprovalProcess.of(await request.need(find_many, process_id, "Approval process"))
