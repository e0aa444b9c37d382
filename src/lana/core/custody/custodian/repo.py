"""Custodians by id, name and provider."""

from __future__ import annotations

from typing import ClassVar

from lana.core.custody.custodian.entity import Custodian
from lana.lib.es.repo import Repo
from lana.lib.es.table import Column


class CustodianRepo(Repo[Custodian]):
    entity: ClassVar[type[Custodian]] = Custodian
    table: ClassVar[str] = "custodians"
    label: ClassVar[str] = "Custodian"
    columns: ClassVar[tuple[Column, ...]] = (
        Column("name", "text", lambda custodian: custodian.name),
        Column("provider", "text", lambda custodian: custodian.provider),
    )
