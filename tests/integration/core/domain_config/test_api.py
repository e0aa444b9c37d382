"""Settings and the bank's time as the admin API answers them."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from lana.admin_server.schema import schema
from lana.core.time import BankClockRepo, BankTime, TimeService
from lana.lib.authz import Ctx
from lana.lib.clock import ManualClock
from lana.lib.es.commands import Commands
from lana.lib.es.committer import Committer
from lana.lib.graphql.engine import Engine
from lana.lib.graphql.input import read_envelope
from lana.lib.graphql.limits import Limits
from lana.lib.graphql.request import Request
from lana.lib.pg.database import Database
from tests.support.configured import Configured

CONFIGS = "{ domainConfigs(first: 100) { nodes { domainConfigId key configType encrypted isSet value } } }"
UPDATE = (
    "mutation($input: DomainConfigUpdateInput!)"
    " { domainConfigUpdate(input: $input) { domainConfig { key isSet value } } }"
)
TIME = "currentDate currentTime nextEndOfDayAt timezone endOfDayTime canAdvanceToNextEndOfDay"


class Api:
    def __init__(self, app: object) -> None:
        self._app = app
        self._engine: Engine[Any] = Engine(schema(), Limits())

    async def ask(self, query: str, **variables: object) -> dict[str, Any]:
        body = msgspec.json.encode({"query": query, "variables": variables})
        request = Request(self._app, Ctx.system("test"))
        return msgspec.json.decode(
            msgspec.json.encode(await self._engine.answer(request, read_envelope(body)))
        )

    async def configs(self) -> dict[str, dict[str, Any]]:
        answer = await self.ask(CONFIGS)
        return {node["key"]: node for node in answer["data"]["domainConfigs"]["nodes"]}

    async def update(self, key: str, value: object) -> dict[str, Any]:
        target = (await self.configs())[key]["domainConfigId"]
        return await self.ask(UPDATE, input={"domainConfigId": target, "value": value})


@pytest_asyncio.fixture
async def api(db: Database, committer: Committer) -> Api:
    bank = Configured(db)
    bank_time = BankTime(ManualClock(db, datetime(2026, 1, 15, 12, tzinfo=UTC)), bank.settings)
    commands = Commands(db, committer, bank_time)
    await bank.start(commands)
    time = TimeService(bank_time, BankClockRepo(db), bank.authz)
    await commands.run(Ctx.system("test"), time.start_clock)
    return Api(
        SimpleNamespace(commands=commands, domain_configs=bank.configs, settings=bank.settings, time=time)
    )


async def test_settings_are_listed_with_type_and_value(api: Api) -> None:
    configs = await api.configs()
    shown = {key: (c["configType"], c["encrypted"], c["isSet"], c["value"]) for key, c in configs.items()}
    assert shown["timezone"] == ("TIMEZONE", False, True, "UTC")
    assert shown["closing-time"] == ("TIME", False, True, "00:00:00")
    assert shown["price-deviation-limit-pct"] == ("DECIMAL", False, True, "10")
    assert shown["allow-proposal-withdrawal"] == ("BOOL", False, True, False)
    assert shown["notification-email-from-email"] == ("STRING", False, False, None)
    assert shown["sumsub-api-key"] == ("STRING", True, False, None)
    assert list(shown) == sorted(shown)
    assert "credit-chart-of-accounts-integration" not in shown


async def test_secret_is_set_but_never_shown(api: Api) -> None:
    answer = await api.update("sumsub-api-key", "hunter2")
    assert answer["data"]["domainConfigUpdate"]["domainConfig"] == {
        "key": "sumsub-api-key",
        "isSet": True,
        "value": None,
    }
    assert (await api.configs())["sumsub-api-key"]["isSet"]


async def test_update_counts_in_this_process_at_once(api: Api) -> None:
    await api.update("timezone", "America/New_York")
    answer = await api.ask(f"{{ time {{ {TIME} }} }}")
    assert answer["data"]["time"] == {
        "currentDate": "2026-01-15",
        "currentTime": "2026-01-15T12:00:00Z",
        "nextEndOfDayAt": "2026-01-16T05:00:00Z",
        "timezone": "America/New_York",
        "endOfDayTime": "00:00:00",
        "canAdvanceToNextEndOfDay": True,
    }


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("allow-proposal-withdrawal", "true", "DomainConfigError - Invalid Type: Expected bool, got string"),
        ("closing-time", "noon", "DomainConfigError - Invalid Type: Expected time, got 'noon'"),
        ("price-age-limit-seconds", -1, "DomainConfigError - Invalid Type: Expected uint, got -1"),
        ("price-age-limit-seconds", 1.5, "DomainConfigError - Invalid Type: Expected uint, got number"),
    ],
)
async def test_refused_value_has_a_code_and_a_kind(api: Api, key: str, value: object, message: str) -> None:
    (error,) = (await api.update(key, value))["errors"]
    assert error["message"] == message
    assert (error["extensions"]["code"], error["extensions"]["kind"]) == ("INVALID_TYPE", "VALIDATION")


async def test_null_never_clears_a_setting(api: Api) -> None:
    answer = await api.update("timezone", None)
    assert answer["errors"][0]["extensions"]["kind"] == "VALIDATION"
    assert (await api.configs())["timezone"]["value"] == "UTC"


async def test_advance_moves_the_clock_to_the_next_closing(api: Api) -> None:
    answer = await api.ask(f"mutation {{ timeAdvanceToNextEndOfDay {{ time {{ {TIME} }} }} }}")
    moved = answer["data"]["timeAdvanceToNextEndOfDay"]["time"]
    assert (moved["currentDate"], moved["currentTime"]) == ("2026-01-16", "2026-01-16T00:00:00Z")
    assert moved["nextEndOfDayAt"] == "2026-01-17T00:00:00Z"
    again = await api.ask("{ time { currentTime } }")
    assert again["data"]["time"]["currentTime"] == "2026-01-16T00:00:00Z"
