"""Custodians through the admin API, and the port behind them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from lana.core.custody import (
    CustodianNotFound,
    StaleEncryptionKey,
    WalletBalanceUpdated,
    WalletTaken,
    rotate_keys,
)
from lana.lib.authz import Ctx
from lana.lib.crypto import Keyring
from lana.lib.money import MOST_SATOSHIS, AmountTooLarge, Satoshis
from lana.lib.outbox.event import decode
from tests.support.api import Refused
from tests.support.custodian import PROVIDER, SYNC, VAULT, Vault, make_vault
from tests.support.servers import Servers, open_servers

CREATE = "custodianCreate"
CUSTODIAN = "custodian { custodianId name provider createdAt }"
BITGO = {
    "name": "BitGo", "longLivedToken": "token-7", "passphrase": "words", "enterpriseId": "e",
    "webhookUrl": "https://bank.example/hook", "webhookSecret": "s", "testingInstance": True,
}  # fmt: skip
KOMAINU = {
    "name": "Komainu", "apiKey": "k", "apiSecret": "token-7", "secretKey": "pem", "webhookSecret": "s",
    "testingInstance": True,
}  # fmt: skip
SELF = {"name": "Own", "accountXpub": "tpub", "network": "TESTNET4"}
OTHERS: list[dict[str, Any]] = [{"bitgo": BITGO}, {"komainu": KOMAINU}, {"selfCustody": SELF}]


@pytest_asyncio.fixture
async def bank(dsn: str) -> AsyncIterator[Servers]:
    async with open_servers(dsn) as servers:
        yield servers


async def test_a_manual_custodian_is_created_and_listed(bank: Servers) -> None:
    made = (await bank.superuser.do(CREATE, CUSTODIAN, manual={"name": "Staff"}))["custodian"]
    assert (made["name"], made["provider"]) == ("Staff", "manual")
    listed = await bank.superuser.ask(
        "{ custodians(first: 5, sort: {by: NAME, direction: ASC}) { nodes { custodianId name provider createdAt } } }"
    )
    assert listed["custodians"]["nodes"] == [made]
    assert (await bank.superuser.ask("{ me { userCanCreateCustodian } }"))["me"]["userCanCreateCustodian"]


@pytest.mark.parametrize("kind", OTHERS, ids=lambda kind: next(iter(kind)))
async def test_kinds_the_bank_is_not_connected_to_are_refused_and_leave_no_secret(
    bank: Servers, kind: dict[str, Any]
) -> None:
    made = (await bank.superuser.do(CREATE, CUSTODIAN, manual={"name": "Staff"}))["custodian"]
    with pytest.raises(Refused) as refused:
        await bank.superuser.do(CREATE, CUSTODIAN, **kind)
    assert refused.value.code == "CUSTODIAN_NOT_AVAILABLE"
    with pytest.raises(Refused) as refused:
        await bank.superuser.do(
            "custodianConfigUpdate", CUSTODIAN, custodianId=made["custodianId"], config=kind
        )
    assert refused.value.code == "CUSTODIAN_NOT_AVAILABLE"
    assert "token-7" not in str(refused.value.error)
    assert (await bank.app.db.fetch("select count(*) from custodians"))[0][0] == 1


@pytest.mark.parametrize("given", [{}, {"manual": {"name": "A"}, "selfCustody": SELF}])
async def test_exactly_one_kind_is_given(bank: Servers, given: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        await bank.superuser.do(CREATE, CUSTODIAN, **given)
    assert refused.value.code == "EXACTLY_ONE_CUSTODIAN"


async def test_a_custodian_has_a_name(bank: Servers) -> None:
    with pytest.raises(Refused) as refused:
        await bank.superuser.do(CREATE, CUSTODIAN, manual={"name": "  "})
    assert refused.value.code == "INVALID_CUSTODIAN_NAME"


async def test_a_setting_longer_than_any_key_is_refused(bank: Servers) -> None:
    with pytest.raises(Refused) as refused:
        await bank.superuser.do(CREATE, CUSTODIAN, selfCustody=SELF | {"accountXpub": "x" * 4_001})
    assert refused.value.code == "INVALID_CUSTODIAN_SETTINGS"
    assert "x" * 100 not in str(refused.value.error)


async def test_of_many_who_create_one_custodian_one_does(bank: Servers) -> None:
    asked = [bank.superuser.do(CREATE, CUSTODIAN, manual={"name": f"Staff {n}"}) for n in range(8)]
    results = await asyncio.gather(*asked, return_exceptions=True)
    refused = [each for each in results if isinstance(each, Refused)]
    assert len(refused) == 7
    assert {each.code for each in refused} == {"CONSTRAINT_VIOLATION"}
    assert 'ConstraintViolation(Some(Provider), Some("manual"))' in str(refused[0])


async def test_a_name_is_taken_once(bank: Servers) -> None:
    app = bank.app
    await bank.superuser.do(CREATE, CUSTODIAN, manual={"name": VAULT.name})
    with pytest.raises(Exception, match=r"Some\(Name\)"):
        await make_vault(app, Ctx.system("test"))


async def test_a_provider_with_wallets_opens_one_for_each_facility(bank: Servers) -> None:
    app, ctx = bank.app, Ctx.system("test")
    custodian = await make_vault(app, ctx)
    first = await app.commands.run(ctx, app.custodians.create_wallet, custodian, "CF 1")
    second = await app.commands.run(ctx, app.custodians.create_wallet, custodian, "CF 2")
    assert first is not None
    assert second is not None
    assert (first.address, second.address) == ("tb1q1", "tb1q2")
    found = await app.custodians.find_many_wallets(ctx, [first.id, second.id])
    assert {each.custodian_id for each in found.values()} == {custodian.id}
    with pytest.raises(WalletTaken):
        await app.commands.run(ctx, app.custodians.create_wallet, custodian, "CF 1")


async def test_a_manual_custodian_has_no_wallets(bank: Servers) -> None:
    app, ctx = bank.app, Ctx.system("test")
    made = (await bank.superuser.do(CREATE, CUSTODIAN, manual={"name": "Staff"}))["custodian"]
    (custodian,) = await app.custodians.custodians.all_by("name", made["name"])
    assert await app.commands.run(ctx, app.custodians.create_wallet, custodian, "CF 1") is None


async def test_a_balance_is_told_once(bank: Servers) -> None:
    app, ctx = bank.app, Ctx.system("test")
    custodian = await make_vault(app, ctx)
    wallet = await app.commands.run(ctx, app.custodians.create_wallet, custodian, "CF 1")
    assert wallet is not None
    now = app.bank_time.now()
    for amount in (0, 0, 70_000, 70_000, 50_000):
        await app.commands.run(SYNC, app.custodians.record_balance, wallet.id, Satoshis(amount), now)
    rows = await app.db.fetch("select payload from outbox order by sequence")
    told = [event for row in rows if isinstance(event := decode(row[0]), WalletBalanceUpdated)]
    assert [event.balance.amount for event in told] == [0, 70_000, 50_000]
    assert {(event.network, event.id) for event in told} == {("Testnet4", wallet.id)}
    (audited,) = await app.db.fetch(
        "select count(*) from audit_entries where subject = 'system:custodian-sync'"
        " and action = 'custody:wallet:update'"
    )
    assert audited[0] == 5
    with pytest.raises(AmountTooLarge):
        await app.commands.run(
            SYNC, app.custodians.record_balance, wallet.id, Satoshis(MOST_SATOSHIS + 1), now
        )


async def test_settings_can_be_replaced_by_the_same_provider(bank: Servers) -> None:
    app, ctx = bank.app, Ctx.system("test")
    custodian = await make_vault(app, ctx)
    vault = app.custodians.providers[PROVIDER]
    assert isinstance(vault, Vault)
    await app.commands.run(ctx, app.custodians.update_config, custodian.id, VAULT)
    assert len(vault.verified) == 1
    with pytest.raises(CustodianNotFound, match="CustodianError - NotFound"):
        await app.commands.run(ctx, app.custodians.update_config, uuid4(), VAULT)


async def test_a_start_under_a_new_key_seals_settings_anew(bank: Servers) -> None:
    app, ctx = bank.app, Ctx.system("test")
    custodian = await make_vault(app, ctx)
    app.custodians.keyring = Keyring.parse("22" * 32)
    with pytest.raises(StaleEncryptionKey):
        await app.commands.run(ctx, app.custodians.create_wallet, custodian, "CF 1")
    app.custodians.keyring = Keyring.parse("22" * 32, "00" * 32)
    assert await rotate_keys(app.commands, app.custodians) == 1
    assert await rotate_keys(app.commands, app.custodians) == 0
    app.custodians.keyring = Keyring.parse("22" * 32)
    rotated = (await app.custodians.find_many_custodians(ctx, [custodian.id]))[custodian.id]
    assert rotated.settings(app.custodians.keyring)["token"] == "token-1"
