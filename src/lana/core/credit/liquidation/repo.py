"""Liquidations as stored, with what their lists sort by."""

from __future__ import annotations

from typing import ClassVar

from lana.core.credit.liquidation.entity import Liquidation
from lana.lib.es.children import ChildRepo
from lana.lib.es.table import Column


class LiquidationRepo(ChildRepo[Liquidation]):
    entity: ClassVar[type[Liquidation]] = Liquidation
    table: ClassVar[str] = "liquidations"
    label: ClassVar[str] = "Liquidation"
    parent: ClassVar[str] = "facility_id"
    columns = (
        Column("facility_id", "uuid", lambda liquidation: liquidation.facility_id),
        Column("collateral_id", "uuid", lambda liquidation: liquidation.collateral_id),
        Column("completed", "bool", lambda liquidation: liquidation.completed),
        Column("expected_to_receive", "int8", lambda liquidation: liquidation.expected_to_receive),
        Column("amount_received", "int8", lambda liquidation: liquidation.amount_received),
        Column("sent_total", "int8", lambda liquidation: liquidation.sent_total),
    )
