"""Custodians and wallets, as staff see them. Settings of custodians go in and never come out."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from uuid import UUID

import strawberry

from lana.admin_server.common import Info
from lana.core import custody as core
from lana.lib.graphql import Connection, connection, entity, order_of
from lana.lib.pg.page import Direction, Page

strawberry.enum(core.Network, name="WalletNetwork")


@strawberry.enum
class SelfCustodyNetwork(Enum):
    MAINNET = "mainnet"
    TESTNET3 = "testnet3"
    TESTNET4 = "testnet4"
    SIGNET = "signet"


@entity("custodianId")
class Custodian:
    custodian_id: UUID
    name: str
    provider: str
    created_at: datetime

    @classmethod
    def of(cls, custodian: core.Custodian) -> Custodian:
        return cls(
            custodian_id=custodian.id,
            name=custodian.name,
            provider=custodian.provider,
            created_at=custodian.created_at,
        )


@entity("walletId")
class Wallet:
    held_by: strawberry.Private[UUID]
    wallet_id: UUID
    address: str
    network: core.Network

    @classmethod
    def of(cls, wallet: core.Wallet) -> Wallet:
        return cls(
            held_by=wallet.custodian_id,
            wallet_id=wallet.id,
            address=wallet.address,
            network=wallet.network,
        )

    @strawberry.field
    async def custodian(self, info: Info) -> Custodian:
        request = info.context
        found = await request.need(request.app.custodians.find_many_custodians, self.held_by, "Custodian")
        return Custodian.of(found)


@strawberry.input
class BitgoConfigInput:
    name: str
    long_lived_token: str
    passphrase: str
    enterprise_id: str
    webhook_url: str
    webhook_secret: str
    testing_instance: bool

    def to_core(self) -> core.CustodianConfig:
        settings = {
            "long_lived_token": self.long_lived_token,
            "passphrase": self.passphrase,
            "enterprise_id": self.enterprise_id,
            "webhook_url": self.webhook_url,
            "webhook_secret": self.webhook_secret,
            "testing_instance": self.testing_instance,
        }
        return core.CustodianConfig(provider="bitgo", name=self.name, settings=settings)


@strawberry.input
class KomainuConfigInput:
    name: str
    api_key: str
    api_secret: str
    secret_key: str
    webhook_secret: str
    testing_instance: bool

    def to_core(self) -> core.CustodianConfig:
        settings = {
            "api_key": self.api_key,
            "api_secret": self.api_secret,
            "secret_key": self.secret_key,
            "webhook_secret": self.webhook_secret,
            "testing_instance": self.testing_instance,
        }
        return core.CustodianConfig(provider="komainu", name=self.name, settings=settings)


@strawberry.input
class SelfCustodyConfigInput:
    name: str
    account_xpub: str
    network: SelfCustodyNetwork

    def to_core(self) -> core.CustodianConfig:
        settings = {"account_xpub": self.account_xpub, "network": self.network.value}
        return core.CustodianConfig(provider="self-custody", name=self.name, settings=settings)


@strawberry.input
class ManualConfigInput:
    name: str

    def to_core(self) -> core.CustodianConfig:
        return core.CustodianConfig(provider=core.MANUAL, name=self.name)


@strawberry.input
class CustodianCreateInput:
    """Exactly one of its fields."""

    bitgo: BitgoConfigInput | None = None
    komainu: KomainuConfigInput | None = None
    self_custody: SelfCustodyConfigInput | None = None
    manual: ManualConfigInput | None = None

    def to_core(self) -> list[core.CustodianConfig]:
        kinds = (self.bitgo, self.komainu, self.self_custody, self.manual)
        return [kind.to_core() for kind in kinds if kind]


@strawberry.type
class CustodianCreatePayload:
    custodian: Custodian


@strawberry.input
class CustodianConfigInput:
    """Exactly one of its fields."""

    bitgo: BitgoConfigInput | None = None
    komainu: KomainuConfigInput | None = None
    self_custody: SelfCustodyConfigInput | None = None

    def to_core(self) -> list[core.CustodianConfig]:
        return [kind.to_core() for kind in (self.bitgo, self.komainu, self.self_custody) if kind]


@strawberry.input
class CustodianConfigUpdateInput:
    custodian_id: UUID
    config: CustodianConfigInput


@strawberry.type
class CustodianConfigUpdatePayload:
    custodian: Custodian


@strawberry.enum
class CustodiansSortBy(Enum):
    NAME = "name"
    CREATED_AT = "created_at"


@strawberry.input
class CustodiansSort:
    by: CustodiansSortBy = CustodiansSortBy.CREATED_AT
    direction: Direction = Direction.DESC


@strawberry.type
class Query:
    @strawberry.field
    async def custodians(
        self, info: Info, first: int, after: str | None = None, sort: CustodiansSort | None = CustodiansSort()
    ) -> Connection[Custodian]:
        custodians, ctx = info.context.app.custodians, info.context.ctx
        found = await custodians.list_custodians(ctx, Page(first, after), order_of(sort))
        return connection(found, Custodian.of)


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def custodian_create(self, info: Info, input: CustodianCreateInput) -> CustodianCreatePayload:
        verb = info.context.app.custodians.create
        custodian = await info.context.command(verb, *input.to_core())
        return CustodianCreatePayload(custodian=Custodian.of(custodian))

    @strawberry.mutation
    async def custodian_config_update(
        self, info: Info, input: CustodianConfigUpdateInput
    ) -> CustodianConfigUpdatePayload:
        verb = info.context.app.custodians.update_config
        custodian = await info.context.command(verb, input.custodian_id, *input.config.to_core())
        return CustodianConfigUpdatePayload(custodian=Custodian.of(custodian))
