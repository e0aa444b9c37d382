"""A custodian whose wallets hold what the test says. Put it behind the port, then create it like any other:

app.custodians.providers["vault"] = Vault()
custodian = await commands.run(ctx, app.custodians.create, VAULT)
wallet = await commands.run(ctx, app.custodians.create_wallet, custodian, "CF 1")
await commands.run(SYNC, app.custodians.record_balance, wallet.id, Satoshis(5), now)
"""

from __future__ import annotations

from typing import Final

from lana.app import App
from lana.core.custody import Custodian, CustodianConfig, Network, NewWallet, Settings
from lana.lib.authz import Ctx

PROVIDER: Final = "vault"
VAULT: Final = CustodianConfig(provider=PROVIDER, name="Vault", settings={"token": "token-1"})
SYNC: Final = Ctx.system("custodian-sync")


class Vault:
    """One wallet for each label, the same when asked again."""

    def __init__(self) -> None:
        self.wallets: dict[str, NewWallet] = {}
        self.verified: list[Settings] = []

    async def verify(self, settings: Settings) -> None:
        self.verified.append(settings)

    async def create_wallet(self, settings: Settings, label: str) -> NewWallet | None:
        number = len(self.wallets) + 1
        new = NewWallet(external_wallet_id=f"w{number}", address=f"tb1q{number}", network=Network.TESTNET4)
        return self.wallets.setdefault(label, new)


async def make_vault(app: App, ctx: Ctx) -> Custodian:
    """A custodian with wallets, created."""
    app.custodians.providers[PROVIDER] = Vault()
    return await app.commands.run(ctx, app.custodians.create, VAULT)
