"""Who asks: bearer tokens verified against a list of trusted issuers."""

from lana.lib.authn.jwks import JwksCache
from lana.lib.authn.trust import ASYMMETRIC, Trust
from lana.lib.authn.verifier import AuthError, Verifier

__all__ = ["ASYMMETRIC", "AuthError", "JwksCache", "Trust", "Verifier"]
