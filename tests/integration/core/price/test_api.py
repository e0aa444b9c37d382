"""Prices and their providers through both APIs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from tests.support.api import ApiClient, Refused
from tests.support.price_feed import go_by
from tests.support.servers import Servers, open_servers
from tests.support.waiting import eventually

PROVIDER = "priceProvider { priceProviderId name provider active latestPrice createdAt }"
LIST = "{ priceProviders(first: 5) { nodes { priceProviderId name provider active latestPrice } } }"


@pytest_asyncio.fixture
async def bank(bank_dsn: str) -> AsyncIterator[Servers]:
    async with open_servers(bank_dsn) as servers:
        yield servers


async def provider(client: ApiClient, kind: str) -> dict[str, Any]:
    return next(p for p in (await client.ask(LIST))["priceProviders"]["nodes"] if p["provider"] == kind)


async def test_staff_set_a_price_by_hand_and_the_bank_goes_by_it(bank: Servers) -> None:
    staff = bank.superuser
    with pytest.raises(Refused) as refused:
        await staff.ask("{ realtimePrice { usdCentsPerBtc } }")
    assert (refused.value.code, refused.value.kind) == ("NO_PRICE", "UNAVAILABLE")

    manual = await provider(staff, "manual-price")
    assert (manual["name"], manual["active"], manual["latestPrice"]) == ("Manual Price", False, None)
    id_ = manual["priceProviderId"]
    set_price = {"manualPrice": {"usdCentsPerBtc": 50_000_00}}
    for _ in range(2):  # the same again is no event
        await staff.do("priceProviderConfigUpdate", PROVIDER, priceProviderId=id_, config=set_price)
        done = (await staff.do("priceProviderActivate", PROVIDER, priceProviderId=id_))["priceProvider"]
    assert (done["active"], done["latestPrice"]) == (True, 50_000_00)
    await bank.app.prices.fetch(bank.app.commands)
    seen = (await staff.ask("{ realtimePrice { usdCentsPerBtc fetchedAt stale rejectedPrice } }"))[
        "realtimePrice"
    ]
    assert seen.pop("fetchedAt")
    assert seen == {"usdCentsPerBtc": 50_000_00, "stale": False, "rejectedPrice": None}

    done = await staff.do("priceProviderDeactivate", PROVIDER, priceProviderId=id_)
    assert (done["priceProvider"]["active"], done["priceProvider"]["latestPrice"]) == (False, None)
    stored = await bank.app.price_providers.repo.events(UUID(id_), limit=9)
    assert [event.event_type for event in stored] == [
        "deactivated", "activated", "config_updated", "initialized",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "config", "code"),
    [
        ("manual-price", {}, "INVALID_PROVIDER_CONFIG"),
        (
            "manual-price",
            {"bitfinex": {"name": "A"}, "manualPrice": {"usdCentsPerBtc": 1}},
            "INVALID_PROVIDER_CONFIG",
        ),
        ("manual-price", {"bitfinex": {"name": "A"}}, "INVALID_PROVIDER_CONFIG"),
        ("manual-price", {"manualPrice": {"usdCentsPerBtc": -1}}, "INVALID_PROVIDER_CONFIG"),
        ("bitfinex", {"bitfinex": {"name": ""}}, "INVALID_PROVIDER_CONFIG"),
        ("bitfinex", {"bitfinex": {"name": "Manual Price"}}, "CONSTRAINT_VIOLATION"),
    ],
)
async def test_a_config_that_does_not_fit_is_refused(
    bank: Servers, kind: str, config: dict[str, Any], code: str
) -> None:
    one = await provider(bank.superuser, kind)
    with pytest.raises(Refused) as refused:
        await bank.superuser.do(
            "priceProviderConfigUpdate", PROVIDER, priceProviderId=one["priceProviderId"], config=config
        )
    assert refused.value.code == code
    assert await provider(bank.superuser, kind) == one


async def test_a_feed_is_renamed_and_its_old_name_is_free(bank: Servers) -> None:
    one = await provider(bank.superuser, "bitfinex")
    for name in ("Exchange", "Bitfinex"):
        config = {"bitfinex": {"name": name}}
        done = await bank.superuser.do(
            "priceProviderConfigUpdate", PROVIDER, priceProviderId=one["priceProviderId"], config=config
        )
        assert done["priceProvider"]["name"] == name


async def test_an_unknown_provider_is_an_error(bank: Servers) -> None:
    for verb in ("priceProviderActivate", "priceProviderDeactivate"):
        with pytest.raises(Refused) as refused:
            await bank.superuser.do(verb, PROVIDER, priceProviderId=str(uuid4()))
        assert refused.value.kind == "NOT_FOUND"


async def test_the_price_is_everybodys_and_providers_are_not(bank: Servers) -> None:
    await go_by(bank.app, 50_000_00)
    nobody = await bank.user_with("nobody", "governance_viewer")
    assert (await nobody.ask("{ realtimePrice { usdCentsPerBtc } }"))["realtimePrice"][
        "usdCentsPerBtc"
    ] == 50_000_00
    viewer = await bank.user_with("viewer", "price_viewer")
    one = await provider(viewer, "manual-price")
    for client in (nobody, viewer):
        with pytest.raises(Refused) as refused:
            await client.do("priceProviderActivate", PROVIDER, priceProviderId=one["priceProviderId"])
        assert refused.value.code == "NOT_AUTHORIZED"
    with pytest.raises(Refused):
        await nobody.ask(LIST)


async def test_customers_see_the_price_and_its_history(bank: Servers) -> None:
    await bank.allow_manual_conversion()
    made = await bank.new_customer("ann@example.com")
    ann = bank.customer(UUID(made["customerId"]))
    await go_by(bank.app, 50_000_00)
    now = bank.app.bank_time.now()
    query = """query ($from: Timestamp!, $until: Timestamp!) {
        realtimePrice { usdCentsPerBtc stale }
        priceHistory(from: $from, until: $until, interval: HOUR) { at usdCentsPerBtc } }"""
    window = {"from": (now - timedelta(hours=1)).isoformat(), "until": now.isoformat()}
    answer = await ann.ask(query, **window)
    assert answer["realtimePrice"] == {"usdCentsPerBtc": 50_000_00, "stale": False}
    assert [point["usdCentsPerBtc"] for point in answer["priceHistory"]] == [50_000_00]
    too_wide = window | {"from": (now - timedelta(days=3650)).isoformat()}
    with pytest.raises(Refused) as refused:
        await ann.ask(query, **too_wide)
    assert refused.value.code == "WINDOW_TOO_WIDE"


async def test_who_listens_hears_each_new_price_the_first_one_too(bank: Servers) -> None:
    query = "subscription { realtimePriceUpdated { usdCentsPerBtc } }"
    async with bank.superuser.listening(query) as stream:
        await eventually(lambda: bool(bank.app.tail._subscribers))
        for cents in (50_000_00, 51_000_00):
            await go_by(bank.app, cents)
            heard = await stream.next()
            assert heard["data"]["realtimePriceUpdated"]["usdCentsPerBtc"] == cents
