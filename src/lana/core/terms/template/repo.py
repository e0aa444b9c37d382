"""Terms templates by id and name."""

from __future__ import annotations

from typing import ClassVar

from lana.core.terms.template.entity import TermsTemplate
from lana.lib.es.repo import Repo
from lana.lib.es.table import Column


class TermsTemplateRepo(Repo[TermsTemplate]):
    entity: ClassVar[type[TermsTemplate]] = TermsTemplate
    table: ClassVar[str] = "terms_templates"
    label: ClassVar[str] = "TermsTemplate"
    columns: ClassVar[tuple[Column, ...]] = (
        Column("name", "text", lambda template: template.name),
        Column("offered", "bool", lambda template: template.offer.offered),
    )
