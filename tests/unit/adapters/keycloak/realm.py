"""A small HTTP server that speaks as much of Keycloak's admin REST API as the adapter uses."""

from __future__ import annotations

from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Account = dict[str, object]


class Realm:
    """State of one realm. `failing` answers so many requests with 503 first."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.mails: list[str] = []
        self.tokens: list[str] = []
        self.failing = 0
        self.revoked = False

    def app(self) -> Starlette:
        admin = "/admin/realms/staff"
        return Starlette(
            routes=[
                Route("/realms/staff/protocol/openid-connect/token", self._token, methods=["POST"]),
                Route(f"{admin}/users", self._search, methods=["GET"]),
                Route(f"{admin}/users", self._create, methods=["POST"]),
                Route(f"{admin}/users/{{id}}", self._update, methods=["PUT"]),
                Route(f"{admin}/users/{{id}}/reset-password", self._reset, methods=["PUT"]),
                Route(f"{admin}/users/{{id}}/execute-actions-email", self._mail, methods=["PUT"]),
            ]
        )

    def only(self) -> Account:
        (account,) = self.accounts.values()
        return account

    async def _token(self, request: Request) -> Response:
        form = (await request.body()).decode()
        if "client_secret=right" not in form or "grant_type=client_credentials" not in form:
            return JSONResponse({"error": "unauthorized_client"}, 401)
        self.tokens.append(f"token-{len(self.tokens)}")
        self.revoked = False
        return JSONResponse({"access_token": self.tokens[-1], "expires_in": 300})

    def _refuse(self, request: Request) -> Response | None:
        if self.failing:
            self.failing -= 1
            return Response(status_code=503)
        if self.revoked or request.headers.get("authorization") != f"Bearer {self.tokens[-1]}":
            return JSONResponse({"error": "HTTP 401 Unauthorized"}, 401)
        return None

    async def _search(self, request: Request) -> Response:
        if refused := self._refuse(request):
            return refused
        attribute, _, value = request.query_params["q"].partition(":")
        full = request.query_params.get("briefRepresentation") == "false"
        found = [
            account if full else {k: v for k, v in account.items() if k != "attributes"}
            for account in self.accounts.values()
            if value in str(account["attributes"]) and attribute in str(account["attributes"])
        ]
        return JSONResponse(found[: int(request.query_params.get("max", "100"))])

    async def _create(self, request: Request) -> Response:
        if refused := self._refuse(request):
            return refused
        body = await request.json()
        if any(account["email"] == body["email"] for account in self.accounts.values()):
            return JSONResponse({"errorMessage": "User exists with same email"}, 409)
        body["id"] = str(uuid4())
        self.accounts[body["id"]] = body
        location = f"http://keycloak/admin/realms/staff/users/{body['id']}"
        return Response(status_code=201, headers={"Location": location})

    async def _update(self, request: Request) -> Response:
        if refused := self._refuse(request):
            return refused
        self.accounts[request.path_params["id"]] |= await request.json()
        return Response(status_code=204)

    async def _reset(self, request: Request) -> Response:
        if refused := self._refuse(request):
            return refused
        self.accounts[request.path_params["id"]]["credentials"] = [await request.json()]
        return Response(status_code=204)

    async def _mail(self, request: Request) -> Response:
        if refused := self._refuse(request):
            return refused
        assert await request.json() == ["UPDATE_PASSWORD"]
        self.mails.append(str(self.accounts[request.path_params["id"]]["email"]))
        return Response(status_code=204)
