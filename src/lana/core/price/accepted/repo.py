"""The accepted price as stored."""

from __future__ import annotations

from typing import ClassVar

from lana.core.price.accepted.entity import AcceptedPrice
from lana.lib.es.repo import Repo
from lana.lib.es.table import Column


class AcceptedPriceRepo(Repo[AcceptedPrice]):
    entity: ClassVar[type[AcceptedPrice]] = AcceptedPrice
    table: ClassVar[str] = "accepted_prices"
    label: ClassVar[str] = "Price"
    columns: ClassVar[tuple[Column, ...]] = (Column("price", "int8", lambda accepted: accepted.price),)
