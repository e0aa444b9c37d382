from __future__ import annotations

import msgspec
import pytest

from lana.lib.crypto import (
    DecryptionFailed,
    EncryptionKey,
    InvalidEncryptionKey,
    Keyring,
    Sealed,
    UnknownEncryptionKey,
)

OLD = "00" * 32
NEW = "11" * 32


def test_key_id_is_the_first_eight_bytes_of_sha_256() -> None:
    assert EncryptionKey.parse(OLD).id == "66687aadf862bd77"


def test_sealed_value_opens_in_its_place_only() -> None:
    ring = Keyring.parse(OLD)
    sealed = ring.seal(b"secret", "sumsub-api-key")
    assert ring.open(sealed, "sumsub-api-key") == b"secret"
    with pytest.raises(DecryptionFailed):
        ring.open(sealed, "sumsub-api-secret")


def test_same_value_is_sealed_differently_each_time() -> None:
    ring = Keyring.parse(OLD)
    assert ring.seal(b"secret", "x").ciphertext != ring.seal(b"secret", "x").ciphertext


@pytest.mark.parametrize("change", [{"ciphertext": b"\0" * 22}, {"nonce": b"\0" * 12}, {"nonce": b""}])
def test_altered_value_does_not_open(change: dict[str, bytes]) -> None:
    ring = Keyring.parse(OLD)
    sealed = msgspec.structs.replace(ring.seal(b"secret", "x"), **change)
    with pytest.raises(DecryptionFailed):
        ring.open(sealed, "x")


def test_ring_with_the_old_key_deprecated_opens_and_reseals() -> None:
    sealed = Keyring.parse(OLD).seal(b"secret", "x")
    ring = Keyring.parse(NEW, OLD)
    assert ring.holds(sealed)
    assert not ring.is_current(sealed)
    fresh = ring.reseal(sealed, "x")
    assert ring.is_current(fresh)
    assert Keyring.parse(NEW).open(fresh, "x") == b"secret"


def test_value_under_neither_key_names_the_missing_key() -> None:
    sealed = Keyring.parse(OLD).seal(b"secret", "x")
    with pytest.raises(UnknownEncryptionKey, match="66687aadf862bd77"):
        Keyring.parse(NEW).open(sealed, "x")


@pytest.mark.parametrize("text", ["", "00" * 31, "00" * 33, "zz" * 32, " " + "00" * 32, "0 " * 32])
def test_key_is_64_hexadecimal_characters(text: str) -> None:
    with pytest.raises(InvalidEncryptionKey):
        EncryptionKey.parse(text)


def test_generated_key_parses_and_differs() -> None:
    one, other = EncryptionKey.generate(), EncryptionKey.generate()
    assert one != other
    assert len(EncryptionKey.parse(one).id) == 16


def test_key_never_shows_itself() -> None:
    assert NEW not in repr(EncryptionKey.parse(NEW))


def test_envelope_survives_json() -> None:
    sealed = Keyring.parse(OLD).seal(b"secret", "x")
    assert msgspec.json.decode(msgspec.json.encode(sealed), type=Sealed) == sealed
