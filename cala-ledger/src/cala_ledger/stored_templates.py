"""Templates as the database knows them: by code, so that transactions can be listed by template."""

from typing import Final, cast

import msgspec

from cala_ledger import errors
from cala_ledger.connection import Connection, Row, Source, check_page
from cala_ledger.model import Template
from cala_ledger.templates import Templates, storable

_INSERT: Final = """
insert into cala.templates (code, description, definition, created_at)
values (%s, %s, %s::jsonb, clock_timestamp()) on conflict (code) do nothing
"""
_FIND: Final = "select definition from cala.templates where code = %s"
_LIST: Final = "select definition from cala.templates where code > %s order by code limit %s"


class StoredTemplates:
    """`ensure` compiles, stores and remembers; `registry` is what `prepare` reads."""

    def __init__(self, source: Source, registry: Templates) -> None:
        self._source = source
        self.registry = registry

    async def ensure(self, *templates: Template, conn: Connection | None = None) -> None:
        """Store templates that are not there yet. Raises InvalidTemplate, TemplateChanged, InvalidText,
        PageTooLarge; then none is stored, nor known to the registry."""
        check_page(len(templates))
        compiled = [self.registry.compiled(template) for template in templates]
        async with self._source.connection(conn) as connection, connection.transaction():
            for template in templates:
                definition = msgspec.json.encode(template).decode()
                await connection.execute(_INSERT.encode(), [template.code, template.description, definition])
                rows = await self._source.rows(_FIND, [template.code], connection)
                if _template(rows[0]) != template:
                    raise errors.TemplateChanged(template=template.code)
        self.registry.remember(compiled)

    async def list(
        self, first: int, *, after: str = "", conn: Connection | None = None
    ) -> "tuple[Template, ...]":
        """A page by code, after a code. Raises PageTooLarge, InvalidText."""
        check_page(first)
        rows = await self._source.rows(_LIST, [storable("after", after), first], conn)
        return tuple(map(_template, rows))


def _template(row: Row) -> Template:
    return msgspec.convert(cast("dict[str, object]", row[0]), Template)
