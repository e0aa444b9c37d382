"""Fixtures: one open bank for a module's tests. A conftest takes them by importing them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.conftest import copy_template, drop_database
from tests.support.servers import Servers, open_servers


@pytest.fixture(scope="module")
def module_dsn(server: str) -> Iterator[str]:
    name = f"test_{uuid4().hex}"
    yield copy_template(server, name)
    drop_database(server, name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bank(module_dsn: str) -> AsyncIterator[Servers]:
    async with open_servers(module_dsn) as bank:
        await bank.allow_manual_conversion()
        yield bank
