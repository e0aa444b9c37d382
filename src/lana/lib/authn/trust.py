"""Whose tokens an API believes."""

from __future__ import annotations

import msgspec

# algorithm → type of the key it needs; symmetric ones and `none` are not here on purpose
ASYMMETRIC: dict[str, str] = {
    "ES256": "EC",
    "ES384": "EC",
    "ES512": "EC",
    "RS256": "RSA",
    "RS384": "RSA",
    "RS512": "RSA",
    "PS256": "RSA",
    "PS384": "RSA",
    "PS512": "RSA",
    "EdDSA": "OKP",
}


class Trust(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Tokens of `issuer`, for `audience`, signed by a key of `jwks_url`; the person's UUID is in
    `subject_claim`.
    """

    issuer: str
    jwks_url: str
    audience: str
    algorithms: tuple[str, ...]
    subject_claim: str

    def __post_init__(self) -> None:
        for name in ("issuer", "jwks_url", "audience", "subject_claim"):
            if not getattr(self, name):
                raise ValueError(f"{name} of a trusted issuer must not be empty")
        if not self.jwks_url.startswith(("http://", "https://")):
            raise ValueError(f"jwks_url {self.jwks_url!r} is no http(s) address")
        unknown = [name for name in self.algorithms if name not in ASYMMETRIC]
        if unknown or not self.algorithms:
            listed = ", ".join(ASYMMETRIC)
            raise ValueError(f"algorithms {list(self.algorithms)} of {self.issuer}: choose some of {listed}")
