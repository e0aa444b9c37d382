"""What the bank needs of a provider that holds bitcoin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from lana.core.custody.primitives import Network

Settings = Mapping[str, object]


class CustodianConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach a custodian. `settings` are the provider's own, secrets among them: kept
    sealed, never shown.
    """

    provider: str
    name: str
    settings: Settings = {}

    def __repr__(self) -> str:
        return f"CustodianConfig(provider={self.provider!r}, name={self.name!r})"

    def encode(self) -> bytes:
        """Plain JSON, to be sealed. Equal settings give equal bytes."""
        return msgspec.json.encode({"type": self.provider, **self.settings}, order="sorted")


class NewWallet(msgspec.Struct, frozen=True, kw_only=True):
    """A wallet opened at a provider; `response` is what the provider answered, kept for the record."""

    external_wallet_id: str
    address: str
    network: Network
    response: object = None


class CustodyProvider(Protocol):
    """One kind of provider (`manual`).

    Refusals say what a provider does not take. Whatever is raised leaves nothing stored.
    """

    async def verify(self, settings: Settings) -> None:
        """Do these settings work at the provider?"""
        ...

    async def create_wallet(self, settings: Settings, label: str) -> NewWallet | None:
        """A wallet of its own for `label`, or None where the provider keeps none.

        Asked again with the same label, the provider answers the same wallet: the Op that asked may be
        decided again.
        """
        ...
