from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.conftest import copy_template, drop_database
from tests.support.bank import Bank, open_bank


@pytest.fixture(scope="module")
def module_dsn(server: str) -> Iterator[str]:
    name = f"test_{uuid4().hex}"
    yield copy_template(server, name)
    drop_database(server, name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bank(module_dsn: str) -> AsyncIterator[Bank]:
    async with open_bank(module_dsn) as bank:
        await bank.allow_manual_conversion()
        yield bank
