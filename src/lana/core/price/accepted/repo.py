"""The accepted price as stored, read together with how old it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import ClassVar, cast

from lana.core.price.accepted.entity import AcceptedPrice, Status
from lana.lib.es.repo import Repo
from lana.lib.es.table import Column
from lana.lib.money import UsdCents

WITH_STATUS = 7


class AcceptedPriceRepo(Repo[AcceptedPrice]):
    entity: ClassVar[type[AcceptedPrice]] = AcceptedPrice
    table: ClassVar[str] = "accepted_prices"
    label: ClassVar[str] = "Price"
    columns: ClassVar[tuple[Column, ...]] = (Column("price", "int8", lambda accepted: accepted.price),)

    @cached_property
    def _load_sql(self) -> str:
        return (
            "select a.id, a.created_at, a.state, s.fetched_at, coalesce(s.standing, false), s.rejected_price,"
            " s.rejected_at from accepted_prices a left join price_status s using (id)"
            " where a.id = any(%b::uuid[])"
        )

    def read(self, row: Sequence[object]) -> AcceptedPrice:
        price = super().read(row)
        if len(row) == WITH_STATUS:
            price.status = Status(
                fetched_at=cast("datetime | None", row[3]),
                standing=bool(row[4]),
                rejected_price=cast("UsdCents | None", row[5]),
                rejected_at=cast("datetime | None", row[6]),
            )
        return price
