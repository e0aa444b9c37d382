"""Keycloak as the two panels and the bank itself use it."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import httpx
import pytest

from tests.e2e.gateway.forging import claims_of, header_of
from tests.e2e.keycloak import CLIENTS, PASSWORD, Keycloak

AUDIENCES = {"admin": "https://admin-api/graphql", "customer": "https://customer-api/graphql"}
ONE_TIME, CHOSEN = "a-first-password", "a-password-of-my-own"


@dataclass
class Login:
    """One browser at the login form."""

    keycloak: Keycloak
    realm: str
    redirect: str
    verifier: str
    browser: httpx.Client

    def open(self, method: str | None = "S256") -> httpx.Response:
        challenge = self.verifier
        if method == "S256":
            digest = hashlib.sha256(self.verifier.encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": CLIENTS[self.realm],
            "redirect_uri": self.redirect,
            "scope": "openid",
            "state": "a-state",
        }
        if method is not None:
            query |= {"code_challenge": challenge, "code_challenge_method": method}
        return self.browser.get(
            f"{self.keycloak.issuer(self.realm)}/protocol/openid-connect/auth", params=query
        )

    def submit(self, page: httpx.Response, **fields: str) -> httpx.Response:
        form = re.search(r'<form[^>]*\baction="([^"]+)"', page.text)
        assert form, page.text
        return self.browser.post(html.unescape(form[1]), data=fields)

    def code(self, user: str, password: str = PASSWORD) -> str:
        answer = self.submit(self.open(), username=user, password=password)
        return self.code_in(answer)

    def code_in(self, answer: httpx.Response) -> str:
        assert answer.status_code == 302, answer.text
        assert answer.headers["location"].startswith(self.redirect)
        query = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
        assert query["state"] == "a-state"
        return query["code"]

    def exchange(self, code: str, verifier: str | None = None) -> httpx.Response:
        return self.ask(
            grant_type="authorization_code",
            code=code,
            redirect_uri=self.redirect,
            code_verifier=verifier or self.verifier,
        )

    def ask(self, **form: str) -> httpx.Response:
        client = CLIENTS[self.realm]
        secret = {"client_secret": self.keycloak.secrets[client]} if client in self.keycloak.secrets else {}
        return self.keycloak.ask(self.realm, client_id=client, **secret, **form)


@pytest.fixture(params=["admin", "customer"])
def login(request: pytest.FixtureRequest, keycloak: Keycloak) -> Iterator[Login]:
    origins = keycloak.admin("GET", f"{request.param}/clients", params={"clientId": CLIENTS[request.param]})
    redirect = origins.json()[0]["redirectUris"][0].replace("*", "callback")
    with httpx.Client(timeout=30, trust_env=False) as browser:

        def unsecure(_: httpx.Response) -> None:
            for cookie in browser.cookies.jar:
                cookie.secure = False

        browser.event_hooks = {"response": [unsecure]}
        yield Login(keycloak, request.param, redirect, secrets.token_urlsafe(48), browser)


@pytest.fixture
def person(login: Login) -> str:
    email = f"login@{login.realm}.example.com"
    login.keycloak.create_user(login.realm, email, "33333333-3333-4333-8333-333333333333")
    return email


def test_person_logs_in_through_the_form(login: Login, person: str) -> None:
    tokens = login.exchange(login.code(person)).raise_for_status().json()
    claims = claims_of(tokens["access_token"])
    assert header_of(tokens["access_token"])["alg"] == "RS256"
    assert claims["iss"] == login.keycloak.issuer(login.realm)
    assert claims["aud"] == AUDIENCES[login.realm]
    assert (claims["email"], claims["lanaId"]) == (person, "33333333-3333-4333-8333-333333333333")
    assert claims["exp"] - claims["iat"] == 300
    assert claims["auth_time"] <= claims["iat"]
    assert claims["acr"]
    assert "resource_access" not in claims


def test_code_needs_its_verifier(login: Login, person: str) -> None:
    assert login.exchange(login.code(person), verifier="x" * 48).status_code == 400


def test_code_works_once(login: Login, person: str) -> None:
    code = login.code(person)
    assert login.exchange(code).status_code == 200
    assert login.exchange(code).status_code == 400


@pytest.mark.parametrize("method", [None, "plain"])
def test_login_without_proof_of_the_key_is_refused(login: Login, method: str | None) -> None:
    answer = login.open(method)
    assert answer.status_code == 302
    assert "error=invalid_request" in answer.headers["location"]


@pytest.mark.parametrize("redirect", ["http://evil.example/callback", "http://localhost:1/"])
def test_foreign_redirect_is_refused(login: Login, redirect: str) -> None:
    login.redirect = redirect
    assert login.open().status_code == 400


def test_wrong_password_stays_on_the_form(login: Login, person: str) -> None:
    answer = login.submit(login.open(), username=person, password="wrong")
    assert answer.status_code == 200
    assert "Invalid username or password" in answer.text


def test_session_is_renewed_until_logout(login: Login, person: str) -> None:
    tokens = login.exchange(login.code(person)).json()
    renewed = login.ask(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert renewed.status_code == 200
    end = f"{login.keycloak.issuer(login.realm)}/protocol/openid-connect/logout"
    client = CLIENTS[login.realm]
    form = {"client_id": client, "refresh_token": renewed.json()["refresh_token"]}
    if client in login.keycloak.secrets:
        assert login.browser.post(end, data=form).status_code == 401
        form["client_secret"] = login.keycloak.secrets[client]
    assert login.browser.post(end, data=form).status_code == 204
    again = login.ask(grant_type="refresh_token", refresh_token=renewed.json()["refresh_token"])
    assert again.status_code == 400


def test_portal_gets_nothing_without_its_secret(keycloak: Keycloak) -> None:
    for secret in ({}, {"client_secret": "wrong"}):
        answer = keycloak.ask(
            "customer", grant_type="refresh_token", client_id="customer-portal", refresh_token="x", **secret
        )
        assert answer.status_code == 401


def test_one_time_password_ends_in_choosing_one(login: Login) -> None:
    """As the bank makes an account: by its service client, found again by lanaId."""
    keycloak, realm, lana_id = login.keycloak, login.realm, str(uuid4())
    email = f"{lana_id}@example.com"
    users = f"{keycloak.base}/admin/realms/{realm}/users"
    headers = {"Authorization": f"Bearer {keycloak.service_token(realm)}"}
    account = {
        "username": email,
        "email": email,
        "emailVerified": True,
        "enabled": True,
        "attributes": {"lanaId": [lana_id]},
        "requiredActions": ["UPDATE_PASSWORD"],
        "credentials": [{"type": "password", "value": ONE_TIME, "temporary": True}],
    }
    assert keycloak.http.post(users, headers=headers, json=account).status_code == 201
    assert keycloak.http.post(users, headers=headers, json=account).status_code == 409
    found = keycloak.http.get(users, headers=headers, params={"q": f"lanaId:{lana_id}"}).json()
    assert [user["email"] for user in found] == [email]

    step = login.submit(login.open(), username=email, password=ONE_TIME)
    page = login.browser.get(step.headers["location"])
    code = login.code_in(login.submit(page, **{"password-new": CHOSEN, "password-confirm": CHOSEN}))
    assert claims_of(login.exchange(code).json()["access_token"])["lanaId"] == lana_id

    disabled = keycloak.http.put(f"{users}/{found[0]['id']}", headers=headers, json={"enabled": False})
    assert disabled.status_code == 204
    kept = keycloak.http.get(f"{users}/{found[0]['id']}", headers=headers).json()
    assert (kept["attributes"]["lanaId"], kept["enabled"]) == ([lana_id], False)


def test_service_client_has_the_rights_it_needs_and_no_more(keycloak: Keycloak) -> None:
    headers = {"Authorization": f"Bearer {keycloak.service_token('customer')}"}
    admin = f"{keycloak.base}/admin/realms"
    assert keycloak.http.get(f"{admin}/customer/users", headers=headers).status_code == 200
    assert keycloak.http.get(f"{admin}/admin/users", headers=headers).status_code in (401, 403)
    assert keycloak.http.get(f"{admin}/customer/clients", headers=headers).status_code == 403
