"""The manual custodian: bitcoin is held somewhere, and staff say how much of it."""

from __future__ import annotations

from lana.core.custody.port import NewWallet, Settings


class ManualCustody:
    async def verify(self, settings: Settings) -> None:
        """Nothing to reach."""

    async def create_wallet(self, settings: Settings, label: str) -> NewWallet | None:
        return None
