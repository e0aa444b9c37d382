"""The Keycloak adapter against a server that speaks Keycloak's contract."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import closing
from uuid import UUID

import pytest
import uvicorn

from lana.adapters.keycloak import EmailTaken, KeycloakAdmin, KeycloakError, MultipleUsersFound, UserNotFound
from lana.core.access import OneTimePassword
from tests.unit.adapters.keycloak.realm import Realm

ANN = UUID(int=1)
BOB = UUID(int=2)


@pytest.fixture
async def realm() -> AsyncIterator[tuple[Realm, str]]:
    realm = Realm()
    with closing(socket.socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(realm.app(), log_level="critical", lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        yield realm, f"http://127.0.0.1:{listening.getsockname()[1]}/"
        server.should_exit = True
        await asyncio.wait_for(serving, 10)


@pytest.fixture
async def state(realm: tuple[Realm, str]) -> Realm:
    return realm[0]


@pytest.fixture
async def keycloak(realm: tuple[Realm, str]) -> AsyncIterator[KeycloakAdmin]:
    admin = KeycloakAdmin(realm[1], "staff", "service", "right")
    yield admin
    await admin.close()


@pytest.fixture
async def mailing(realm: tuple[Realm, str]) -> AsyncIterator[KeycloakAdmin]:
    admin = KeycloakAdmin(realm[1], "staff", "service", "right", mails_links=True)
    yield admin
    await admin.close()


async def test_a_new_account_gets_a_one_time_password_to_be_replaced(
    state: Realm, keycloak: KeycloakAdmin
) -> None:
    password = await keycloak.ensure(ANN, "ann@bank.example")
    assert password is not None
    account = state.only()
    assert account | {"id": None} == {
        "id": None,
        "username": "ann@bank.example",
        "email": "ann@bank.example",
        "emailVerified": True,
        "enabled": True,
        "attributes": {"lanaId": [str(ANN)]},
        "requiredActions": ["UPDATE_PASSWORD"],
        "credentials": [{"type": "password", "value": password.secret, "temporary": True}],
    }


async def test_an_account_is_made_once(state: Realm, keycloak: KeycloakAdmin) -> None:
    first = await keycloak.ensure(ANN, "ann@bank.example")
    assert first is not None
    assert await keycloak.ensure(ANN, "ann@bank.example") is None
    assert state.only()["credentials"] == [{"type": "password", "value": first.secret, "temporary": True}]


async def test_of_two_calls_at_once_one_makes_the_account(state: Realm, keycloak: KeycloakAdmin) -> None:
    made = await asyncio.gather(*(keycloak.ensure(ANN, "ann@bank.example") for _ in range(4)))
    assert len([password for password in made if password]) == 1
    assert len(state.accounts) == 1


async def test_an_email_of_another_person_is_not_taken_over(state: Realm, keycloak: KeycloakAdmin) -> None:
    await keycloak.ensure(ANN, "ann@bank.example")
    with pytest.raises(EmailTaken):
        await keycloak.ensure(BOB, "ann@bank.example")
    assert state.only()["attributes"] == {"lanaId": [str(ANN)]}


async def test_with_mail_keycloak_sends_the_link_and_no_password_is_made(
    state: Realm, mailing: KeycloakAdmin
) -> None:
    assert await mailing.ensure(ANN, "ann@bank.example") is None
    assert state.mails == ["ann@bank.example"]
    assert "credentials" not in state.only()


async def test_a_password_that_was_not_used_can_be_renewed(state: Realm, keycloak: KeycloakAdmin) -> None:
    first = await keycloak.renew_password(ANN, "ann@bank.example")
    second = await keycloak.renew_password(ANN, "ann@bank.example")
    assert first is not None
    assert second is not None
    assert first.secret != second.secret
    assert state.only()["credentials"] == [{"type": "password", "value": second.secret, "temporary": True}]


async def test_a_chosen_password_is_never_replaced(state: Realm, keycloak: KeycloakAdmin) -> None:
    await keycloak.ensure(ANN, "ann@bank.example")
    state.only()["requiredActions"] = []
    assert await keycloak.renew_password(ANN, "ann@bank.example") is None


async def test_email_and_login_follow_the_bank(state: Realm, keycloak: KeycloakAdmin) -> None:
    await keycloak.ensure(ANN, "ann@bank.example")
    await keycloak.update_email(ANN, "ann.lee@bank.example")
    await keycloak.set_enabled(ANN, enabled=False)
    account = state.only()
    assert (account["email"], account["emailVerified"]) == ("ann.lee@bank.example", True)
    assert account["enabled"] is False
    assert account["attributes"] == {"lanaId": [str(ANN)]}


async def test_an_unknown_person_has_no_account(keycloak: KeycloakAdmin) -> None:
    with pytest.raises(UserNotFound):
        await keycloak.set_enabled(BOB, enabled=True)


async def test_two_accounts_of_one_person_are_refused(state: Realm, keycloak: KeycloakAdmin) -> None:
    await keycloak.ensure(ANN, "ann@bank.example")
    state.accounts["copy"] = state.only() | {"id": "copy", "email": "other@bank.example"}
    with pytest.raises(MultipleUsersFound):
        await keycloak.ensure(ANN, "ann@bank.example")


async def test_one_token_serves_many_calls_and_a_revoked_one_is_replaced(
    state: Realm, keycloak: KeycloakAdmin
) -> None:
    await keycloak.ensure(ANN, "ann@bank.example")
    await keycloak.set_enabled(ANN, enabled=False)
    assert len(state.tokens) == 1
    state.revoked = True
    await keycloak.set_enabled(ANN, enabled=True)
    assert len(state.tokens) == 2


async def test_a_busy_keycloak_is_asked_again(state: Realm, keycloak: KeycloakAdmin) -> None:
    state.failing = 1
    assert await keycloak.ensure(ANN, "ann@bank.example") is not None


async def test_a_keycloak_that_stays_away_is_an_error(state: Realm, keycloak: KeycloakAdmin) -> None:
    state.failing = 100
    with pytest.raises(KeycloakError, match="503"):
        await keycloak.ensure(ANN, "ann@bank.example")
    assert state.failing == 97


async def test_a_wrong_secret_is_an_error_that_does_not_show_it(realm: tuple[Realm, str]) -> None:
    admin = KeycloakAdmin(realm[1], "staff", "service", "wr0ng-secret")
    with pytest.raises(KeycloakError) as refused:
        await admin.ensure(ANN, "ann@bank.example")
    await admin.close()
    assert "wr0ng-secret" not in str(refused.value)


async def test_a_keycloak_that_is_not_there_is_an_error() -> None:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        admin = KeycloakAdmin(f"http://127.0.0.1:{free.getsockname()[1]}", "staff", "service", "right")
        with pytest.raises(KeycloakError, match="ConnectError"):
            await admin.ensure(ANN, "ann@bank.example")
        await admin.close()


def test_a_one_time_password_does_not_print_itself() -> None:
    password = OneTimePassword("ann@bank.example", "s3cret")
    assert "s3cret" not in repr(password)
    assert "s3cret" not in f"{password}"
