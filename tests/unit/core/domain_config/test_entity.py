from __future__ import annotations

from uuid import UUID

import msgspec
import pytest

from lana.core.domain_config import ConfigType, DomainConfig, Visibility
from lana.core.domain_config.config.entity import Encrypted, Initialized, KeyRotated, Plain, Updated
from lana.core.domain_config.errors import StaleEncryptionKey
from lana.lib.crypto import Keyring, UnknownEncryptionKey
from lana.lib.es.entity import ALREADY, DONE

OLD = Keyring.parse("00" * 32)
NEW = Keyring.parse("11" * 32)
BOTH = Keyring.parse("11" * 32, "00" * 32)


def born(*, encrypted: bool = False, default: object = None) -> DomainConfig:
    stored = None if default is None else Plain(default)
    return DomainConfig.born(
        Initialized(
            id=UUID(int=1),
            key="k",
            config_type=ConfigType.STRING,
            visibility=Visibility.EXPOSED,
            encrypted=encrypted,
            default_value=stored,
        )
    )


def test_stored_default_is_in_force_until_a_value_is_stored() -> None:
    config = born(default="a")
    assert (config.is_set, config.effective(OLD)) == (True, "a")
    assert config.update("b", OLD) is DONE
    assert config.effective(OLD) == "b"


def test_unset_setting_has_no_value() -> None:
    assert (born().is_set, born().effective(OLD)) == (False, None)


def test_last_update_stored_again_is_no_event() -> None:
    config = born()
    assert config.update("b", OLD) is DONE
    assert config.update("b", OLD) is ALREADY


def test_default_written_over_an_unset_setting_is_an_event() -> None:
    config = born(default="a")
    assert config.update("a", OLD) is DONE


def test_true_is_not_one() -> None:
    config = born()
    config.update(1, OLD)
    assert config.update(True, OLD) is DONE


def test_encrypted_value_is_not_stored_in_clear_and_compared_by_content() -> None:
    config = born(encrypted=True)
    config.update("secret", OLD)
    assert b"secret" not in msgspec.json.encode(config)
    assert config.update("secret", OLD) is ALREADY
    assert config.effective(OLD) == "secret"


def test_secret_is_shown_to_nobody() -> None:
    secret, plain = born(encrypted=True), born(default="a")
    secret.update("secret", OLD)
    assert (secret.is_set, secret.shown) == (True, None)
    assert plain.shown == "a"


def test_rotation_skips_what_is_under_the_current_key() -> None:
    config = born(encrypted=True)
    config.update("secret", OLD)
    assert config.rotate(BOTH) is DONE
    assert config.rotate(BOTH) is ALREADY
    assert config.effective(NEW) == "secret"
    assert isinstance(config.pending[-1], KeyRotated)


def test_process_with_the_old_key_reads_what_was_rotated_but_may_not_write() -> None:
    config = born(encrypted=True)
    config.update("secret", OLD)
    config.rotate(BOTH)
    assert config.effective(OLD) == "secret"
    with pytest.raises(StaleEncryptionKey, match="value was rotated to a newer key"):
        config.update("other", OLD)


def test_process_with_the_old_key_fails_once_a_new_value_came() -> None:
    config = born(encrypted=True)
    config.update("secret", OLD)
    config.rotate(BOTH)
    config.update("other", NEW)
    with pytest.raises(UnknownEncryptionKey):
        config.effective(OLD)


def test_value_under_neither_key_cannot_be_rotated() -> None:
    config = born(encrypted=True)
    config.update("secret", OLD)
    with pytest.raises(UnknownEncryptionKey):
        config.rotate(NEW)


def test_events_are_stored_as_the_specification_says() -> None:
    initialized = msgspec.to_builtins(born(default="a").pending[0])
    assert initialized == {
        "type": "initialized",
        "id": str(UUID(int=1)),
        "key": "k",
        "config_type": "string",
        "visibility": "exposed",
        "encrypted": False,
        "default_value": {"type": "plain", "value": "a"},
    }
    assert msgspec.to_builtins(Updated(value=Plain(5))) == {
        "type": "updated",
        "value": {"type": "plain", "value": 5},
    }
    sealed = Encrypted(b"c", b"n", "66687aadf862bd77")
    assert msgspec.to_builtins(sealed) == {
        "type": "encrypted",
        "ciphertext": "Yw==",
        "nonce": "bg==",
        "key_id": "66687aadf862bd77",
    }
