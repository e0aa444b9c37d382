"""A client of either server, spoken to as ASGI: the token names the subject."""

from __future__ import annotations

from typing import Any

import httpx

from lana.lib.authn import AuthError
from lana.lib.authz import Subject


class TrustingVerifier:
    """`Bearer user:<uuid>` is that subject: tokens themselves are tested where they are verified."""

    async def subject(self, authorization: str | None) -> Subject:
        if authorization is None:
            raise AuthError(401, "Missing token")
        return Subject.parse(authorization.removeprefix("Bearer "))


class Refused(Exception):
    def __init__(self, error: dict[str, Any]) -> None:
        self.error = error
        self.code: str = error.get("extensions", {}).get("code", "")
        self.kind: str = error.get("extensions", {}).get("kind", "")
        super().__init__(error["message"])


class ApiClient:
    """One subject at one server."""

    def __init__(self, asgi: Any, subject: Subject) -> None:
        self.subject = subject
        self._http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=asgi),
            base_url="http://bank",
            headers={"Authorization": f"Bearer {subject}"},
        )

    async def answer(self, query: str, variables: object = None, **headers: str) -> dict[str, Any]:
        """The whole GraphQL answer, errors and all."""
        body = {"query": query, "variables": variables}
        response = await self._http.post("/graphql", json=body, headers=headers)
        assert response.status_code == 200, response.text
        return response.json()

    async def ask(self, query: str, **variables: object) -> dict[str, Any]:
        """The data; `Refused` for the first error."""
        answer = await self.answer(query, variables)
        if answer.get("errors"):
            raise Refused(answer["errors"][0])
        return answer["data"]

    async def do(self, mutation: str, payload: str, **fields: object) -> Any:
        """`mutation(input: {fields})`; the payload."""
        name = mutation[0].upper() + mutation[1:]
        document = f"mutation ($input: {name}Input!) {{ {mutation}(input: $input) {{ {payload} }} }}"
        return (await self.ask(document, input=fields))[mutation]

    async def stream(self, query: str, variables: object = None) -> str:
        """All frames of a stream that ends by itself."""
        response = await self._http.post("/graphql/stream", json={"query": query, "variables": variables})
        return response.text
