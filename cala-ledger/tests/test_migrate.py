"""Migrations: pending before, none after, and once only when two start together."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from cala_ledger import migrate, pending


@pytest.fixture
def empty(server: str) -> Iterator[str]:
    name = f"cala_empty_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"create database {name}".encode())
        yield make_conninfo(server, dbname=name)
        admin.execute(f"drop database {name} with (force)".encode())


def test_two_that_start_together_migrate_once(empty: str) -> None:
    todo = pending(empty)
    assert todo
    with ThreadPoolExecutor(2) as both:
        ran = sorted(both.map(migrate, [empty, empty]))
    assert ran == [(), todo]
    assert pending(empty) == ()
    with psycopg.connect(empty) as conn:
        row = conn.execute("select version_num from cala.alembic_version").fetchone()
        assert row == (todo[-1],)
        outside = conn.execute(
            "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public'"
        ).fetchone()
        assert outside == (0,)
