"""The keys of one issuer, kept fresh off the request path.

Guarantees: fetched at the start and every 30 minutes (10 tries, 2 s apart); a refresh that fails keeps the
old keys; an unknown `kid` makes one refresh, at most every 30 s, whoever asks, so that forged tokens cannot
make Lana hammer the identity provider. Only public keys for signatures are kept. Costs: no lock, no I/O for a
known `kid`. What breaks it: an issuer that reuses a `kid` for another key (its tokens are refused until the
next refresh).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import cast

import httpx
import msgspec
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key

log = structlog.get_logger()

Key = RSAKey | ECKey | OKPKey

REFRESH_S = 30 * 60.0
TRIES = 10
PAUSE_S = 2.0
UNKNOWN_KID_S = 30.0
MAX_BYTES = 1_048_576
MAX_KEYS = 100
TIMEOUT_S = 5.0


class KeyEntry(msgspec.Struct, frozen=True):
    """A public key and, where its issuer says so, the one algorithm it is for."""

    key: Key
    kty: str
    alg: str | None


class _Document(msgspec.Struct):
    keys: list[dict[str, object]]


def read_keys(body: bytes) -> dict[str, KeyEntry]:
    """The usable keys of a JWKS document by `kid`. ValueError when it is none."""
    try:
        document = msgspec.json.decode(body, type=_Document)
    except msgspec.DecodeError as error:
        raise ValueError(f"no JWKS document: {error}") from error
    found: dict[str, KeyEntry] = {}
    for jwk in document.keys[:MAX_KEYS]:
        kid, kty = jwk.get("kid"), jwk.get("kty")
        if not isinstance(kid, str) or kty not in ("RSA", "EC", "OKP") or jwk.get("use", "sig") != "sig":
            continue
        public = {name: value for name, value in jwk.items() if name in PUBLIC}
        try:
            key = cast("Key", import_key(cast("dict[str, str | list[str]]", public)))
        except (JoseError, ValueError, TypeError) as error:
            log.warning("unusable key in JWKS", kid=kid, reason=str(error))
            continue
        alg = jwk.get("alg")
        found[kid] = KeyEntry(key, str(kty), alg if isinstance(alg, str) else None)
    return found


PUBLIC = frozenset({"kty", "kid", "n", "e", "crv", "x", "y"})


class JwksCache:
    """Keys of `url` by `kid`. `generation` grows whenever the set of keys changes."""

    def __init__(
        self,
        url: str,
        client: httpx.AsyncClient,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.url = url
        self.generation = 0
        self._client = client
        self._monotonic = monotonic
        self._keys: dict[str, KeyEntry] = {}
        self._documents: bytes = b""
        self._last_forced = -UNKNOWN_KID_S
        self._forced: asyncio.Task[bool] | None = None

    @property
    def loaded(self) -> bool:
        return bool(self._keys)

    async def key(self, kid: str) -> KeyEntry | None:
        """The key, after at most one refresh; None when the issuer has none of that name."""
        known = self._keys.get(kid)
        if known:
            return known
        if self._forced is None or self._forced.done():
            if self._monotonic() - self._last_forced < UNKNOWN_KID_S:
                return None
            self._last_forced = self._monotonic()
            self._forced = asyncio.create_task(self.refresh())
        await asyncio.shield(self._forced)
        return self._keys.get(kid)

    async def refresh(self) -> bool:
        """Fetch once. False, and the old keys stay, when that fails."""
        try:
            async with asyncio.timeout(2 * TIMEOUT_S):
                body = await self._fetch()
            keys = read_keys(body)
        except (httpx.HTTPError, ValueError, TimeoutError) as error:
            log.warning(
                "JWKS not fetched",
                url=self.url,
                reason=str(error) or type(error).__name__,
            )
            return False
        if not keys:
            log.warning("JWKS without a usable key", url=self.url)
            return False
        if body != self._documents:
            self._documents, self._keys = body, keys
            self.generation += 1
            log.info("JWKS loaded", url=self.url, kids=sorted(keys))
        return True

    async def _fetch(self) -> bytes:
        body = bytearray()
        async with self._client.stream("GET", self.url, timeout=TIMEOUT_S) as response:
            if not response.is_success:
                raise ValueError(f"HTTP {response.status_code}")
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise ValueError(f"more than {MAX_BYTES} bytes")
        return bytes(body)

    async def run(self, *, pause_s: float = PAUSE_S, every_s: float = REFRESH_S) -> None:
        """Keep the keys fresh until cancelled."""
        while True:
            for attempt in range(1, TRIES + 1):
                if await self.refresh():
                    break
                if attempt == TRIES:
                    log.error(
                        "JWKS given up until the next refresh",
                        url=self.url,
                        tries=TRIES,
                    )
                await asyncio.sleep(pause_s)
            await asyncio.sleep(every_s if self.loaded else pause_s)
