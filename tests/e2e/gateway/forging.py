"""Tokens that nobody may believe."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from joserfc.jwk import RSAKey

OWN_KEY = RSAKey.generate_key(2048)


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def header_of(token: str) -> dict[str, Any]:
    return json.loads(unb64(token.split(".", maxsplit=1)[0]))


def claims_of(token: str) -> dict[str, Any]:
    return json.loads(unb64(token.split(".")[1]))


def with_algorithm(token: str, algorithm: str, *, signature: bool) -> str:
    _, claims, signed = token.split(".")
    header = b64(json.dumps({**header_of(token), "alg": algorithm}).encode())
    return f"{header}.{claims}.{signed if signature else ''}"


def hs256_with_public_key(token: str, public_pem: bytes) -> str:
    header = b64(json.dumps({**header_of(token), "alg": "HS256"}).encode())
    signed = f"{header}.{token.split('.')[1]}"
    return f"{signed}.{b64(hmac.new(public_pem, signed.encode(), hashlib.sha256).digest())}"


def with_other_claims(token: str, **claims: Any) -> str:
    header, _, signature = token.split(".")
    return f"{header}.{b64(json.dumps({**claims_of(token), **claims}).encode())}.{signature}"


def by_own_key(token: str, **header: Any) -> str:
    wanted = {"alg": "RS256", "kid": header_of(token)["kid"], **header}
    unsigned = f"{b64(json.dumps(wanted).encode())}.{token.split('.')[1]}"
    return f"{unsigned}.{b64(_sign(unsigned))}"


def own_jwk() -> dict[str, Any]:
    return dict(OWN_KEY.as_dict(private=False))


def _sign(text: str) -> bytes:
    return OWN_KEY.private_key.sign(text.encode(), PKCS1v15(), hashes.SHA256())
