"""Digests of personal data."""

from __future__ import annotations

from lana.core.personal_data.person import Person, digest, new_salt


def test_the_same_value_has_another_digest_for_another_person() -> None:
    one, two = Person(salt=new_salt()), Person(salt=new_salt())
    assert one.digest("a@b") != two.digest("a@b")


def test_a_digest_can_be_checked_while_the_salt_exists() -> None:
    salt = new_salt()
    assert digest(salt, "a@b") == Person(salt=salt).digest("a@b")


def test_a_digest_is_hmac_sha256_in_hex() -> None:
    assert digest(b"key", "The quick brown fox jumps over the lazy dog") == (
        "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
    )
