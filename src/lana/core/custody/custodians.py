"""Use cases of custody: custodians, and wallets opened at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from lana.core.custody import primitives as p
from lana.core.custody.custodian import entity as custodian_events
from lana.core.custody.custodian.entity import Custodian
from lana.core.custody.custodian.errors import (
    CustodianNotAvailable,
    CustodianNotFound,
    CustodianTaken,
    ExactlyOneCustodian,
    InvalidCustodianName,
    InvalidCustodianSettings,
    WalletTaken,
)
from lana.core.custody.custodian.repo import CustodianRepo
from lana.core.custody.manual import ManualCustody
from lana.core.custody.port import CustodianConfig, CustodyProvider
from lana.core.custody.public import WalletBalance, WalletBalanceUpdated
from lana.core.custody.wallet import entity as wallet_events
from lana.core.custody.wallet.entity import Wallet
from lana.core.custody.wallet.repo import WalletRepo
from lana.lib.authz import Authorizer, Check, Scope
from lana.lib.crypto import Keyring
from lana.lib.es.entity import DONE
from lana.lib.es.op import Op
from lana.lib.money import Satoshis
from lana.lib.pg.database import Database
from lana.lib.pg.page import Found, Order, Page

NAME = "custodian.name"
PROVIDER = "custodian.provider"
EXTERNAL_WALLET = "wallet.external"
MAX_NAME = 200
MAX_SETTING = 4_000
MAX_CUSTODIANS = 1000


class Custodians:
    """`providers` are the kinds this bank is connected to, by the name a custodian's `provider` has."""

    def __init__(
        self,
        db: Database,
        authz: Authorizer,
        keyring: Keyring,
        providers: Mapping[str, CustodyProvider] | None = None,
    ) -> None:
        self.authz = authz
        self.keyring = keyring
        self.providers: dict[str, CustodyProvider] = {p.MANUAL: ManualCustody(), **(providers or {})}
        self.custodians = CustodianRepo(db)
        self.wallets = WalletRepo(db)

    # --- custodians -----------------------------------------------------------------------------------------

    async def create(self, op: Op, *given: CustodianConfig) -> Custodian:
        """Of exactly one kind, and the only one of its kind. ExactlyOneCustodian, InvalidCustodianName,
        InvalidCustodianSettings, CustodianNotAvailable, CustodianTaken, and what the provider refuses.
        """
        self.authz.enforce(op, p.CUSTODIAN_CREATE)
        config = _one(given)
        if not config.name.strip() or len(config.name) > MAX_NAME:
            raise InvalidCustodianName(f"a name has 1 to {MAX_NAME} characters", field="name")
        await self._provider(config.provider).verify(config.settings)
        op.claim(NAME, config.name, CustodianTaken("Name", config.name))
        op.claim(PROVIDER, config.provider, CustodianTaken("Provider", config.provider))
        custodian = Custodian.born(
            custodian_events.Initialized(id=op.new_id(), name=config.name, provider=config.provider)
        )
        custodian.update_config(config, self.keyring)
        return op.add(self.custodians, custodian)

    async def update_config(self, op: Op, custodian_id: UUID, *given: CustodianConfig) -> Custodian:
        """ExactlyOneCustodian, InvalidCustodianSettings, CustodianNotAvailable, CustodianNotFound,
        ProviderCannotChange, StaleEncryptionKey, and what the provider refuses.
        """
        self.authz.enforce(op, p.CUSTODIAN_UPDATE, custodian_id)
        config = _one(given)
        provider = self._provider(config.provider)
        custodian = await self.find(op, custodian_id)
        if custodian.update_config(config, self.keyring) is DONE:
            await provider.verify(config.settings)
        return custodian

    async def find(self, op: Op, custodian_id: UUID) -> Custodian:
        """Guarded, for other domains, whose own permission covers it. CustodianNotFound."""
        custodian = await op.maybe_find(self.custodians, custodian_id)
        if custodian is None:
            raise CustodianNotFound(custodian_id)
        return custodian

    async def find_many_custodians(self, ctx: Scope, ids: Sequence[UUID]) -> dict[UUID, Custodian]:
        self.authz.enforce(ctx, p.CUSTODIAN_LIST)
        return await self.custodians.peek_many(ids)

    async def list_custodians(self, ctx: Scope, page: Page, order: Order | None = None) -> Found[Custodian]:
        """By `created_at` or `name`."""
        self.authz.enforce(ctx, p.CUSTODIAN_LIST)
        return await self.custodians.list(page, order)

    async def rotate(self, op: Op) -> int:
        """Every custodian's settings under the current key; answers how many were not."""
        rotated = 0
        for stored in (await self.custodians.list(Page(MAX_CUSTODIANS))).items:
            if stored.rotate(self.keyring) is DONE:
                op.keep(self.custodians, stored)
                rotated += 1
        if rotated:
            op.record_system(p.ROTATION_ACTOR, Check(op.subject, p.CUSTODIAN_UPDATE, (), True))
        return rotated

    def _provider(self, name: str) -> CustodyProvider:
        found = self.providers.get(name)
        if found is None:
            raise CustodianNotAvailable(name)
        return found

    # --- wallets --------------------------------------------------------------------------------------------

    async def create_wallet(self, op: Op, custodian: Custodian, label: str) -> Wallet | None:
        """A wallet of its own for what `label` names; None where staff say what is held."""
        self.authz.enforce(op, p.CUSTODIAN_CREATE_WALLET, custodian.id)
        provider = self._provider(custodian.provider)
        made = await provider.create_wallet(custodian.settings(self.keyring), label)
        if made is None:
            return None
        known_as = f"{custodian.id}:{made.external_wallet_id}"
        op.claim(EXTERNAL_WALLET, known_as, WalletTaken(made.external_wallet_id))
        wallet = wallet_events.Initialized(
            id=op.new_id(),
            custodian_id=custodian.id,
            external_wallet_id=made.external_wallet_id,
            address=made.address,
            network=made.network,
            custodian_response=made.response,
        )
        return op.add(self.wallets, Wallet.born(wallet))

    async def record_balance(
        self, op: Op, wallet_id: UUID, balance: Satoshis, changed_at: datetime
    ) -> Wallet:
        """What a custodian says a wallet holds. The amount it held already is no event. AmountTooLarge."""
        self.authz.enforce(op, p.WALLET_UPDATE, wallet_id)
        wallet = await op.find(self.wallets, wallet_id)
        if wallet.update_balance(balance, changed_at) is DONE:
            op.publish(
                WalletBalanceUpdated(
                    id=wallet.id,
                    address=wallet.address,
                    network=wallet.network.value.capitalize(),
                    balance=WalletBalance(amount=balance, updated_at=changed_at),
                )
            )
        return wallet

    async def find_many_wallets(self, ctx: Scope, ids: Sequence[UUID]) -> dict[UUID, Wallet]:
        """For whoever may see what the wallets secure: there is no permission to read a wallet."""
        return await self.wallets.peek_many(ids)

    async def address_of(self, wallet_id: UUID) -> str:
        """Where its coins are sent to; for whoever may see what the wallet secures."""
        found = await self.wallets.peek(wallet_id)
        if found is None:
            raise self.wallets.not_found(wallet_id)
        return found.address


def _one(given: Sequence[CustodianConfig]) -> CustodianConfig:
    if len(given) != 1:
        raise ExactlyOneCustodian(f"{len(given)} kinds of custodian given")
    (config,) = given
    for name, value in config.settings.items():
        if isinstance(value, str) and len(value) > MAX_SETTING:
            raise InvalidCustodianSettings(f"{name} has more than {MAX_SETTING} characters")
    return config
