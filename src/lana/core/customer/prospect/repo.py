"""Prospects as stored, with what their lists filter by."""

from __future__ import annotations

from lana.core.customer.prospect.entity import Prospect
from lana.lib.es.repo import Repo
from lana.lib.es.table import Column


class ProspectRepo(Repo[Prospect]):
    entity = Prospect
    table = "prospects"
    label = "Prospect"
    columns = (
        Column("customer_type", "text", lambda prospect: prospect.customer_type),
        Column("stage", "text", lambda prospect: prospect.stage),
        Column("public_id", "int8", lambda prospect: int(prospect.public_id)),
    )
