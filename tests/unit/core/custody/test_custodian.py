from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from lana.core.custody import CustodianConfig, Network, ProviderCannotChange, StaleEncryptionKey
from lana.core.custody.custodian.entity import Custodian, Initialized
from lana.core.custody.wallet import entity as wallets
from lana.lib.crypto import Keyring, UnknownEncryptionKey
from lana.lib.es.entity import ALREADY, DONE
from lana.lib.money import Satoshis

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
OLD, NEW = "11" * 32, "22" * 32
KEYS = Keyring.parse(OLD)
CONFIG = CustodianConfig(provider="vault", name="Vault", settings={"token": "secret-1", "region": "one"})


def a_custodian() -> Custodian:
    custodian = Custodian.born(Initialized(id=UUID(int=1), name="Vault", provider="vault"))
    custodian.update_config(CONFIG, KEYS)
    return custodian


def a_wallet() -> wallets.Wallet:
    return wallets.Wallet.born(
        wallets.Initialized(
            id=UUID(int=2),
            custodian_id=UUID(int=1),
            external_wallet_id="w1",
            address="tb1q",
            network=Network.TESTNET4,
            custodian_response=None,
        )
    )


def test_settings_are_sealed_and_open_with_the_key() -> None:
    custodian = a_custodian()
    assert custodian.settings(KEYS) == {"type": "vault", "token": "secret-1", "region": "one"}
    assert "secret-1" not in str(custodian.pending)


def test_a_configuration_does_not_show_its_secrets() -> None:
    assert "secret-1" not in repr(CONFIG)


def test_the_same_settings_in_another_order_are_no_event() -> None:
    same = CustodianConfig(
        provider="vault", name="another name", settings={"region": "one", "token": "secret-1"}
    )
    assert a_custodian().update_config(same, KEYS) is ALREADY


def test_other_settings_replace_the_ones_before() -> None:
    custodian = a_custodian()
    other = CustodianConfig(provider="vault", name="Vault", settings={"token": "secret-2"})
    assert custodian.update_config(other, KEYS) is DONE
    assert custodian.settings(KEYS) == {"type": "vault", "token": "secret-2"}


def test_settings_of_another_provider_are_refused() -> None:
    with pytest.raises(ProviderCannotChange):
        a_custodian().update_config(CustodianConfig(provider="manual", name="Vault"), KEYS)


def test_settings_under_an_unknown_key_can_neither_be_used_nor_replaced() -> None:
    custodian = a_custodian()
    with pytest.raises(StaleEncryptionKey):
        custodian.settings(Keyring.parse(NEW))
    with pytest.raises(StaleEncryptionKey):
        custodian.update_config(CONFIG, Keyring.parse(NEW))


def test_rotation_seals_anew_once() -> None:
    custodian = a_custodian()
    both = Keyring.parse(NEW, OLD)
    assert custodian.rotate(both) is DONE
    assert custodian.rotate(both) is ALREADY
    assert custodian.settings(Keyring.parse(NEW))["token"] == "secret-1"
    with pytest.raises(UnknownEncryptionKey):
        custodian.rotate(Keyring.parse("33" * 32))


def test_the_first_balance_is_news_even_when_it_is_nothing() -> None:
    wallet = a_wallet()
    assert wallet.update_balance(Satoshis(0), NOON) is DONE
    assert wallet.balance == 0


def test_the_same_balance_again_is_no_event() -> None:
    wallet = a_wallet()
    wallet.update_balance(Satoshis(5), NOON)
    assert wallet.update_balance(Satoshis(5), NOON) is ALREADY
    assert wallet.version == 2
