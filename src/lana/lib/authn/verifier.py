"""Bearer token → subject, or a refusal with the exact status and text clients know.

Guarantees: the signature is checked before any claim is believed, by a key of the trusted issuer chosen by
`kid` alone (`jwk`, `jku`, `x5u` in a header are never followed), with an algorithm that issuer is listed for
and that fits the key's type: `none`, symmetric algorithms and confusion of the two cannot pass. Identity is
the one configured claim and must be a UUID; no database is asked. A token verified once is remembered by its
hash until it expires or its issuer's keys change (bound: `MAX_REMEMBERED`). Time is real time, never the
bank's clock.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Self, cast
from uuid import UUID

import httpx
import msgspec
from joserfc import jws
from joserfc.errors import BadSignatureError, JoseError

from lana.lib.authn.jwks import JwksCache
from lana.lib.authn.trust import ASYMMETRIC, Trust
from lana.lib.authz import Subject

LEEWAY_S = 60
MAX_TOKEN = 16_384
MAX_REMEMBERED = 4_096


class AuthError(Exception):
    """The request is answered with this status and this text, and nothing else."""

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        self.text = text
        super().__init__(text)


def _invalid() -> AuthError:
    return AuthError(401, "Invalid token")


def _bad_signature() -> AuthError:
    return AuthError(401, "Invalid signature")


class _Remembered(msgspec.Struct, frozen=True):
    subject: Subject
    expires: float
    generation: int
    issuer: str


class Verifier:
    """One API's trust list. `subject_of` makes `user:` or `customer:` of the claim's UUID.

    `start` begins fetching keys in the background, `close` ends it; use as an async context manager.
    """

    def __init__(
        self,
        trust: Sequence[Trust],
        subject_of: Callable[[UUID], Subject],
        *,
        client: httpx.AsyncClient | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._trust = {entry.issuer: entry for entry in trust}
        if len(self._trust) != len(trust) or not trust:
            raise ValueError("a trust list names each issuer once, and at least one")
        self._client = client or httpx.AsyncClient(follow_redirects=False)
        self._keys = {entry.issuer: JwksCache(entry.jwks_url, self._client) for entry in trust}
        self._subject_of = subject_of
        self._now = now
        self._known: OrderedDict[str, _Remembered] = OrderedDict()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def start(self) -> None:
        self._tasks = [asyncio.create_task(cache.run()) for cache in self._keys.values()]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.aclose()

    @property
    def ready(self) -> bool:
        """Has any issuer's keys?"""
        return any(cache.loaded for cache in self._keys.values())

    async def refresh(self) -> None:
        """Fetch every issuer's keys once, now."""
        await asyncio.gather(*(cache.refresh() for cache in self._keys.values()))

    async def subject(self, authorization: str | None) -> Subject:
        """Who the `Authorization` header speaks for. `AuthError`."""
        token = _bearer(authorization)
        remembered = self._known.get(token)
        if remembered and self._still_good(remembered):
            self._known.move_to_end(token)
            return remembered.subject
        verified = await self._verify(token)
        self._known[token] = verified
        if len(self._known) > MAX_REMEMBERED:
            self._known.popitem(last=False)
        return verified.subject

    def _still_good(self, remembered: _Remembered) -> bool:
        if remembered.generation != self._keys[remembered.issuer].generation:
            return False
        return self._now() <= remembered.expires + LEEWAY_S

    async def _verify(self, token: str) -> _Remembered:
        if len(token) > MAX_TOKEN:
            raise _invalid()
        header, unverified = _decode(token)
        issuer = unverified.get("iss")
        trust = self._trust.get(issuer) if isinstance(issuer, str) else None
        if trust is None:
            if not self.ready:
                raise AuthError(503, "Unavailable")
            raise AuthError(401, "Invalid issuer")
        cache = self._keys[trust.issuer]
        if not cache.loaded:
            raise AuthError(503, "Unavailable")
        generation = cache.generation
        await self._check_signature(token, header, trust, cache)
        expires = self._check_claims(unverified, trust)
        return _Remembered(self._identity(unverified, trust), expires, generation, trust.issuer)

    async def _check_signature(
        self, token: str, header: dict[str, object], trust: Trust, cache: JwksCache
    ) -> None:
        alg, kid = header.get("alg"), header.get("kid")
        if not isinstance(alg, str) or alg not in trust.algorithms:
            raise _bad_signature()
        if not isinstance(kid, str):
            raise _invalid()
        entry = await cache.key(kid)
        if entry is None or entry.kty != ASYMMETRIC[alg] or entry.alg not in (None, alg):
            raise _bad_signature()
        try:
            jws.deserialize_compact(token, entry.key, [alg], jws.JWSRegistry(algorithms=[alg]))
        except BadSignatureError as error:
            raise _bad_signature() from error
        except (JoseError, ValueError, TypeError) as error:
            raise _invalid() from error

    def _check_claims(self, claims: dict[str, object], trust: Trust) -> float:
        expires, not_before = claims.get("exp"), claims.get("nbf", 0)
        if not _is_number(expires) or not _is_number(not_before):
            raise _invalid()
        now = self._now()
        if now > cast("float", expires) + LEEWAY_S:
            raise AuthError(401, "Expired token")
        if now < cast("float", not_before) - LEEWAY_S:
            raise _invalid()
        audience = claims.get("aud")
        named = cast("list[object]", audience) if isinstance(audience, list) else [audience]
        if trust.audience not in named:
            raise AuthError(401, "Invalid audience")
        return cast("float", expires)

    def _identity(self, claims: dict[str, object], trust: Trust) -> Subject:
        claim = claims.get(trust.subject_claim)
        if not isinstance(claim, str):
            raise _invalid()
        try:
            person = UUID(claim)
        except ValueError as error:
            raise _invalid() from error
        if str(person) != claim.lower():  # braces, urn: and bare hex are no UUID of ours
            raise _invalid()
        return self._subject_of(person)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise AuthError(401, "Missing token")
    return token.strip()


def _decode(token: str) -> tuple[dict[str, object], dict[str, object]]:
    """Header and claims, not yet believed."""
    try:
        signed = jws.extract_compact(token.encode())
        header, claims = (
            signed.headers(),
            cast("object", msgspec.json.decode(signed.payload)),
        )
    except (JoseError, ValueError, TypeError) as error:
        raise _invalid() from error
    if not isinstance(claims, dict):
        raise _invalid()
    return cast("dict[str, object]", header), cast("dict[str, object]", claims)
