"""Policies by id and kind of process."""

from __future__ import annotations

from typing import ClassVar

from lana.core.governance.policy.entity import Policy
from lana.lib.es.repo import Repo
from lana.lib.es.table import Column


class PolicyRepo(Repo[Policy]):
    entity: ClassVar[type[Policy]] = Policy
    table: ClassVar[str] = "policies"
    label: ClassVar[str] = "Policy"
    columns: ClassVar[tuple[Column, ...]] = (
        Column("process_type", "text", lambda policy: policy.process_type),
    )
