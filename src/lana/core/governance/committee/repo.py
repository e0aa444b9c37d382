"""Committees by id and name."""

from __future__ import annotations

from typing import ClassVar

from lana.core.governance.committee.entity import Committee
from lana.lib.es.repo import Repo
from lana.lib.es.table import Column


class CommitteeRepo(Repo[Committee]):
    entity: ClassVar[type[Committee]] = Committee
    table: ClassVar[str] = "committees"
    label: ClassVar[str] = "Committee"
    columns: ClassVar[tuple[Column, ...]] = (Column("name", "text", lambda committee: committee.name),)
