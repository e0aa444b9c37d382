"""Every token that must be refused, with real keys, and the few that pass."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from lana.lib.authn import AuthError, Trust, Verifier
from lana.lib.authz import Subject

NOW = 1_800_000_000.0
PERSON = UUID("018f0000-0000-7000-8000-000000000001")
REALM = "http://localhost:8081/realms/admin"
GATEWAY_URL = "http://gateway/jwks.json"
REALM_URL = "http://realm/certs"
AUDIENCE = "https://admin-api/graphql"
GATEWAY_TRUST = Trust(
    issuer="lana.bank",
    jwks_url=GATEWAY_URL,
    audience=AUDIENCE,
    algorithms=("ES256",),
    subject_claim="subject",
)
REALM_TRUST = Trust(
    issuer=REALM,
    jwks_url=REALM_URL,
    audience=AUDIENCE,
    algorithms=("RS256",),
    subject_claim="lanaId",
)

EC = ECKey.generate_key("P-256", {"kid": "ec1", "use": "sig", "alg": "ES256"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa1", "use": "sig", "alg": "RS256"})
FOREIGN_RSA = RSAKey.generate_key(2048, {"kid": "rsa1"})
NEXT_RSA = RSAKey.generate_key(2048, {"kid": "rsa2", "use": "sig", "alg": "RS256"})


class Issuers:
    """The two JWKS endpoints; what they serve, and how often they were asked, is the test's."""

    def __init__(self) -> None:
        self.served: dict[str, list[dict[str, Any]] | None] = {
            GATEWAY_URL: [EC.as_dict(private=False)],
            REALM_URL: [RSA.as_dict(private=False)],
        }
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        url = str(request.url)
        self.asked.append(url)
        keys = self.served[url]
        return httpx.Response(503) if keys is None else httpx.Response(200, json={"keys": keys})


class Time:
    now = NOW


@pytest.fixture
def issuers() -> Issuers:
    return Issuers()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest_asyncio.fixture
async def verifier(issuers: Issuers, time: Time) -> AsyncIterator[Verifier]:
    client = httpx.AsyncClient(transport=httpx.MockTransport(issuers))
    verifier = Verifier([GATEWAY_TRUST, REALM_TRUST], Subject.user, client=client, now=lambda: time.now)
    await verifier.refresh()
    yield verifier
    await verifier.close()


def gateway_claims(**changes: object) -> dict[str, Any]:
    claims = {
        "iss": "lana.bank",
        "aud": [AUDIENCE],
        "subject": str(PERSON),
        "exp": NOW + 60,
        "sub": "x",
    }
    return {k: v for k, v in {**claims, **changes}.items() if v is not ...}


def realm_claims(**changes: object) -> dict[str, Any]:
    claims = {
        "iss": REALM,
        "aud": [AUDIENCE, "account"],
        "lanaId": str(PERSON),
        "exp": NOW + 300,
        "sub": "x",
    }
    return {k: v for k, v in {**claims, **changes}.items() if v is not ...}


def gateway_token(**changes: object) -> str:
    return jwt.encode({"alg": "ES256", "kid": "ec1"}, gateway_claims(**changes), EC)


def realm_token(key: RSAKey = RSA, headers: dict[str, Any] | None = None, **changes: object) -> str:
    header = {"alg": "RS256", "kid": "rsa1", **(headers or {})}
    return jwt.encode(header, realm_claims(**changes), key, algorithms=["RS256"])


def raw_token(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> str:
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


async def refused(verifier: Verifier, authorization: str | None) -> tuple[int, str]:
    with pytest.raises(AuthError) as caught:
        await verifier.subject(authorization)
    return caught.value.status, caught.value.text


async def test_gateway_token_names_the_person(verifier: Verifier) -> None:
    assert await verifier.subject(f"Bearer {gateway_token()}") == Subject.user(PERSON)


async def test_realm_token_names_the_person_and_scheme_is_case_insensitive(
    verifier: Verifier,
) -> None:
    assert await verifier.subject(f"bearer {realm_token()}") == Subject.user(PERSON)


async def test_audience_may_be_a_plain_string(verifier: Verifier) -> None:
    assert await verifier.subject(f"Bearer {realm_token(aud=AUDIENCE)}") == Subject.user(PERSON)


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Token abc"])
async def test_without_bearer_the_token_is_missing(verifier: Verifier, header: str | None) -> None:
    assert await refused(verifier, header) == (401, "Missing token")


@pytest.mark.parametrize(
    "token",
    [
        "garbage",
        "a.b",
        "a.b.c",
        "..",
        "ü.ü.ü",
        "e30.e30.",
        "x" * 20_000,
        raw_token({"alg": "RS256"}, {})[:-3],
    ],
)
async def test_garbage_is_an_invalid_token(verifier: Verifier, token: str) -> None:
    status, text = await refused(verifier, f"Bearer {token}")
    assert (status, text) in [(401, "Invalid token"), (401, "Invalid issuer")]


async def test_claims_that_are_no_object_are_an_invalid_token(
    verifier: Verifier,
) -> None:
    payload = base64.urlsafe_b64encode(b"[1]").rstrip(b"=").decode()
    token = f"{raw_token({'alg': 'RS256', 'kid': 'rsa1'}, {}).split('.')[0]}.{payload}.c2ln"
    assert await refused(verifier, f"Bearer {token}") == (401, "Invalid token")


@pytest.mark.parametrize("spelling", ["none", "None", "NONE", "nOnE", "", " none", "none "])
@pytest.mark.parametrize("signature", [b"", b"anything"])
async def test_unsigned_token_is_refused_in_every_spelling(
    verifier: Verifier, spelling: str, signature: bytes
) -> None:
    token = raw_token({"alg": spelling, "kid": "rsa1"}, realm_claims(), signature)
    assert await refused(verifier, f"Bearer {token}") == (401, "Invalid signature")


async def test_public_key_is_no_shared_secret(verifier: Verifier) -> None:
    pem = RSA.as_pem(private=False)
    signed = raw_token({"alg": "HS256", "kid": "rsa1"}, realm_claims()).rstrip(".")
    tag = base64.urlsafe_b64encode(hmac.digest(pem, signed.encode(), "sha256")).rstrip(b"=").decode()
    token = f"{signed}.{tag}"
    assert await refused(verifier, f"Bearer {token}") == (401, "Invalid signature")


async def test_own_key_under_the_issuers_kid_is_refused(verifier: Verifier) -> None:
    assert await refused(verifier, f"Bearer {realm_token(FOREIGN_RSA)}") == (
        401,
        "Invalid signature",
    )


async def test_keys_of_one_issuer_do_not_sign_for_another(verifier: Verifier) -> None:
    token = jwt.encode({"alg": "RS256", "kid": "rsa1"}, gateway_claims(), RSA)
    assert await refused(verifier, f"Bearer {token}") == (401, "Invalid signature")


@pytest.mark.parametrize("where", ["jwk", "jku", "x5u"])
async def test_key_named_in_the_header_is_never_followed(
    verifier: Verifier, issuers: Issuers, where: str
) -> None:
    value = FOREIGN_RSA.as_dict(private=False) if where == "jwk" else "http://evil/keys"
    token = raw_token({"alg": "RS256", "kid": "rsa1", where: value}, realm_claims(), b"x" * 256)
    status, text = await refused(verifier, f"Bearer {token}")
    assert (status, text) in [(401, "Invalid signature"), (401, "Invalid token")]
    assert "http://evil/keys" not in issuers.asked


async def test_altered_claims_break_the_signature(verifier: Verifier) -> None:
    head, _, signature = realm_token().split(".")
    payload = raw_token({}, realm_claims(lanaId="018f0000-0000-7000-8000-000000000002")).split(".")[1]
    assert await refused(verifier, f"Bearer {head}.{payload}.{signature}") == (
        401,
        "Invalid signature",
    )


async def test_expired_token_is_refused_after_the_leeway(verifier: Verifier) -> None:
    assert await verifier.subject(f"Bearer {realm_token(exp=NOW - 59)}")
    assert await refused(verifier, f"Bearer {realm_token(exp=NOW - 61)}") == (
        401,
        "Expired token",
    )


async def test_remembered_token_expires_all_the_same(verifier: Verifier, time: Time) -> None:
    token = f"Bearer {realm_token(exp=NOW + 10)}"
    assert await verifier.subject(token)
    time.now = NOW + 71
    assert await refused(verifier, token) == (401, "Expired token")


@pytest.mark.parametrize("exp", [..., None, "soon", True])
async def test_token_without_an_expiry_is_invalid(verifier: Verifier, exp: object) -> None:
    token = jwt.encode({"alg": "RS256", "kid": "rsa1"}, realm_claims(exp=exp), RSA)
    assert await refused(verifier, f"Bearer {token}") == (401, "Invalid token")


async def test_token_of_tomorrow_is_invalid(verifier: Verifier) -> None:
    assert await refused(verifier, f"Bearer {realm_token(nbf=NOW + 3600)}") == (
        401,
        "Invalid token",
    )


@pytest.mark.parametrize("aud", [..., None, [], "account", ["https://customer-api/graphql"]])
async def test_other_audience_is_refused(verifier: Verifier, aud: object) -> None:
    assert await refused(verifier, f"Bearer {realm_token(aud=aud)}") == (
        401,
        "Invalid audience",
    )


@pytest.mark.parametrize(
    "iss",
    [..., None, 7, "http://localhost:8081/realms/customer", f"{REALM}/", "LANA.BANK"],
)
async def test_other_realm_and_other_issuer_are_refused(verifier: Verifier, iss: object) -> None:
    token = raw_token({"alg": "RS256", "kid": "rsa1"}, realm_claims(iss=iss), b"sig")
    assert await refused(verifier, f"Bearer {token}") == (401, "Invalid issuer")


@pytest.mark.parametrize(
    "claim",
    [
        ...,
        None,
        "",
        7,
        [str(PERSON)],
        "not-a-uuid",
        f"{{{PERSON}}}",
        PERSON.hex,
        f"urn:uuid:{PERSON}",
    ],
)
async def test_person_must_be_a_uuid(verifier: Verifier, claim: object) -> None:
    assert await refused(verifier, f"Bearer {realm_token(lanaId=claim)}") == (
        401,
        "Invalid token",
    )


async def test_registered_sub_is_never_the_person(verifier: Verifier) -> None:
    token = realm_token(lanaId=..., sub=str(PERSON))
    assert await refused(verifier, f"Bearer {token}") == (401, "Invalid token")


async def test_algorithm_must_be_listed_for_the_issuer(verifier: Verifier) -> None:
    versatile = RSAKey.import_key({k: v for k, v in RSA.as_dict(private=True).items() if k != "alg"})
    token = jwt.encode({"alg": "PS256", "kid": "rsa1"}, realm_claims(), versatile, algorithms=["PS256"])
    assert await refused(verifier, f"Bearer {token}") == (401, "Invalid signature")


async def test_without_keys_the_server_is_unavailable(issuers: Issuers) -> None:
    issuers.served = {GATEWAY_URL: None, REALM_URL: None}
    client = httpx.AsyncClient(transport=httpx.MockTransport(issuers))
    verifier = Verifier([GATEWAY_TRUST, REALM_TRUST], Subject.user, client=client, now=lambda: NOW)
    await verifier.refresh()
    assert not verifier.ready
    assert await refused(verifier, f"Bearer {realm_token()}") == (503, "Unavailable")
    assert await refused(verifier, None) == (401, "Missing token")
    await verifier.close()


async def test_new_kid_is_fetched_once(verifier: Verifier, issuers: Issuers) -> None:
    issuers.served[REALM_URL] = [
        RSA.as_dict(private=False),
        NEXT_RSA.as_dict(private=False),
    ]
    token = realm_token(NEXT_RSA, {"kid": "rsa2"})
    assert await verifier.subject(f"Bearer {token}") == Subject.user(PERSON)
    assert issuers.asked.count(REALM_URL) == 2


async def test_unknown_kids_do_not_hammer_the_issuer(verifier: Verifier, issuers: Issuers) -> None:
    for number in range(50):
        token = realm_token(FOREIGN_RSA, {"kid": f"forged-{number}"})
        assert await refused(verifier, f"Bearer {token}") == (401, "Invalid signature")
    assert issuers.asked.count(REALM_URL) == 2


async def test_failed_refresh_keeps_the_old_keys(verifier: Verifier, issuers: Issuers) -> None:
    issuers.served[REALM_URL] = None
    await verifier.refresh()
    assert await verifier.subject(f"Bearer {realm_token()}") == Subject.user(PERSON)


async def test_key_taken_back_is_no_longer_believed(verifier: Verifier, issuers: Issuers) -> None:
    token = f"Bearer {realm_token()}"
    assert await verifier.subject(token)
    issuers.served[REALM_URL] = [NEXT_RSA.as_dict(private=False)]
    await verifier.refresh()
    assert await refused(verifier, token) == (401, "Invalid signature")


async def test_encryption_and_symmetric_keys_of_a_jwks_are_not_used(
    issuers: Issuers,
) -> None:
    secret = OctKey.import_key(b"0" * 32, {"kid": "oct1"})
    for_encryption = {**RSA.as_dict(private=False), "use": "enc"}
    issuers.served[REALM_URL] = [secret.as_dict(private=True), for_encryption]
    client = httpx.AsyncClient(transport=httpx.MockTransport(issuers))
    verifier = Verifier([REALM_TRUST], Subject.user, client=client, now=lambda: NOW)
    await verifier.refresh()
    assert await refused(verifier, f"Bearer {realm_token()}") == (503, "Unavailable")
    await verifier.close()


@pytest.mark.parametrize("algorithms", [(), ("none",), ("HS256",), ("RS256", "HS512")])
def test_trust_list_takes_asymmetric_algorithms_only(
    algorithms: tuple[str, ...],
) -> None:
    with pytest.raises(ValueError, match="choose some of"):
        Trust(
            issuer="i",
            jwks_url="http://x",
            audience="a",
            algorithms=algorithms,
            subject_claim="s",
        )


def test_trust_list_names_each_issuer_once() -> None:
    with pytest.raises(ValueError, match="each issuer once"):
        Verifier([REALM_TRUST, REALM_TRUST], Subject.user)
