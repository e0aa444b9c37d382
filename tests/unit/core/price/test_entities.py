"""The accepted price and its providers, without a database."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from lana.core.price import BitfinexConfig, InvalidProviderConfig, ManualPriceConfig, ProviderKind
from lana.core.price.accepted.entity import Accepted, AcceptedPrice
from lana.core.price.accepted.entity import Initialized as Begun
from lana.core.price.primitives import PRICE_ID
from lana.core.price.provider.entity import Initialized, PriceProvider, ProviderConfig
from lana.lib.es.entity import ALREADY, DONE, event_name
from lana.lib.money import MOST_CENTS_OF_A_BITCOIN, UsdCents

NOW = datetime(2026, 1, 15, tzinfo=UTC)
ID = UUID(int=1)
BITFINEX = BitfinexConfig(name="Bitfinex")
MANUAL = ManualPriceConfig(usd_cents_per_btc=UsdCents(0))


def provider(config: ProviderConfig) -> PriceProvider:
    kind = ProviderKind.BITFINEX if isinstance(config, BitfinexConfig) else ProviderKind.MANUAL_PRICE
    return PriceProvider.born(Initialized(id=ID, name="P", provider=kind, config=config, active=False))


def accepted(cents: int) -> Accepted:
    return Accepted(price=UsdCents(cents), fetched_at=NOW, provider="bitfinex")


def test_the_version_changes_with_the_price_and_not_with_a_fetch() -> None:
    price = AcceptedPrice.born(Begun(id=PRICE_ID))
    assert price.price is None
    assert price.accept(accepted(5)) is DONE
    assert price.accept(accepted(5)) is ALREADY
    assert price.accept(accepted(6)) is DONE
    assert (price.price, price.version) == (6, 3)


def test_nothing_makes_the_price_0() -> None:
    with pytest.raises(AssertionError):
        AcceptedPrice.born(Begun(id=PRICE_ID)).accept(accepted(0))


def test_a_provider_is_switched_on_and_off_once() -> None:
    one = provider(BITFINEX)
    assert [one.activate(), one.activate(), one.deactivate(), one.deactivate()] == [DONE, ALREADY] * 2
    assert [event_name(event) for event in one.pending] == ["initialized", "activated", "deactivated"]


def test_the_same_config_again_is_no_event_and_a_name_renames() -> None:
    one = provider(BITFINEX)
    assert one.update_config(BITFINEX) is ALREADY
    assert one.update_config(BitfinexConfig(name="Feed")) is DONE
    assert one.name == "Feed"


def test_a_manual_price_of_0_is_no_price() -> None:
    one = provider(MANUAL)
    assert one.manual_price is None
    one.update_config(ManualPriceConfig(usd_cents_per_btc=UsdCents(7)))
    assert (one.manual_price, one.name) == (7, "P")


@pytest.mark.parametrize(
    ("mine", "other"),
    [
        (MANUAL, BITFINEX),
        (BITFINEX, MANUAL),
        (BITFINEX, BitfinexConfig(name=" ")),
        (BITFINEX, BitfinexConfig(name="n" * 201)),
        (MANUAL, ManualPriceConfig(usd_cents_per_btc=UsdCents(-1))),
        (MANUAL, ManualPriceConfig(usd_cents_per_btc=UsdCents(MOST_CENTS_OF_A_BITCOIN + 1))),
    ],
)
def test_a_config_that_does_not_fit_is_refused(mine: ProviderConfig, other: ProviderConfig) -> None:
    with pytest.raises(InvalidProviderConfig):
        provider(mine).update_config(other)
