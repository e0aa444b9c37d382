"""Requests that are too much, or no requests at all."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.integration.bad_input.asking import DEPOSIT, refused, told
from tests.support.api import ApiClient

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("nothing_done")]


def nested(levels: int) -> str:
    """A valid query that goes round in a circle of entities."""
    circle = "customer { depositAccount { "
    fields = f"{circle * (levels // 2)}publicId{' } }' * (levels // 2)}"
    return f"query ($id: UUID!) {{ depositAccount(id: $id) {{ {fields} }} }}"


def aliased(count: int) -> str:
    fields = " ".join(f"a{n}: depositAccount(id: $id) {{ publicId }}" for n in range(count))
    return f"query ($id: UUID!) {{ {fields} }}"


async def test_a_query_as_deep_as_charts_is_answered(staff: ApiClient, account: str) -> None:
    assert (await staff.ask(nested(30), id=account))["depositAccount"]["customer"]


@pytest.mark.parametrize("levels", [60, 200, 5_000])
async def test_a_query_nested_too_deep_is_refused(staff: ApiClient, account: str, levels: int) -> None:
    assert (await refused(staff, nested(levels), {"id": account}))[0] == "GRAPHQL_TOO_DEEP"


async def test_depth_hidden_in_fragments_lists_and_objects_is_refused(staff: ApiClient, account: str) -> None:
    inline = "... on Customer { " * 200
    query = f"query ($id: UUID!) {{ customer(id: $id) {{ {inline} publicId {'} ' * 200} }} }}"
    assert (await refused(staff, query, {"id": account}))[0] == "GRAPHQL_TOO_DEEP"
    chain = " ".join(
        f"fragment f{n} on Customer {{ depositAccount {{ customer {{ ...f{n + 1} }} }} }}" for n in range(30)
    )
    last = "fragment f30 on Customer { publicId }"
    query = f"query ($id: UUID!) {{ customer(id: $id) {{ ...f0 }} }} {chain} {last}"
    assert (await refused(staff, query, {"id": account}))[0] == "GRAPHQL_TOO_DEEP"
    for opening, closing in (("[", "]"), ("{a: ", "}")):
        deep = f"mutation {{ depositRecord(input: {opening * 300}1{closing * 300}) {{ __typename }} }}"
        assert (await refused(staff, deep))[0] == "GRAPHQL_TOO_DEEP"


async def test_fragments_in_a_circle_are_refused(staff: ApiClient) -> None:
    query = (
        "{ me { ...a } } fragment a on Me { user { ...b } } fragment b on User { role { ...c } }"
        " fragment c on Role { permissionSets { ...c } ...d } fragment d on Role { ...c }"
    )
    assert (await refused(staff, query))[1] == "VALIDATION"


async def test_a_thousand_aliases_are_refused(staff: ApiClient, account: str) -> None:
    assert (await refused(staff, aliased(101), {"id": account}))[0] == "GRAPHQL_TOO_MANY_ALIASES"
    plain = " ".join(f"a{n}: __typename" for n in range(1_000))
    assert (await refused(staff, f"{{ {plain} }}"))[0] == "GRAPHQL_TOO_MANY_ALIASES"
    assert await staff.ask(aliased(50), id=account)


async def test_a_thousand_mutations_in_one_document_are_refused(staff: ApiClient, account: str) -> None:
    one = "depositRecord(input: $input) { deposit { depositId } }"
    many = " ".join(f"a{n}: {one}" for n in range(1_000))
    query = f"mutation ($input: DepositRecordInput!) {{ {many} }}"
    variables = {"input": {"depositAccountId": account, "amount": 1}}
    assert (await refused(staff, query, variables))[1] == "VALIDATION"


async def test_an_answer_that_could_be_too_large_is_refused(staff: ApiClient) -> None:
    inner = "eventHistory(first: 100) { nodes { sequence } }"
    outer = f"eventHistory(first: 100) {{ nodes {{ subject {{ ... on User {{ {inner} }} }} }} }}"
    query = f"{{ committees(first: 100) {{ nodes {{ {outer} }} }} }}"
    assert (await refused(staff, query))[0] == "GRAPHQL_TOO_COSTLY"


async def test_a_document_with_too_many_tokens_is_refused(staff: ApiClient) -> None:
    assert (await refused(staff, "{ " + "__typename " * 20_000 + "}"))[0] == "GRAPHQL_TOO_MANY_TOKENS"


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_of_ten_megabytes_is_refused_whether_it_says_so_or_not(
    staff: ApiClient, declared: bool
) -> None:
    body = b'{"query": "{ me { user { userId } } }", "padding": "' + b"x" * 10_000_000 + b'"}'

    async def pieces():
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    response = await staff._http.post(
        "/graphql",
        content=body if declared else pieces(),
        headers={"Content-Type": "application/json"},
    )
    assert response.status_code == 413
    assert told(response.json()["errors"][0])[0] == "BODY_TOO_LARGE"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"7",
        b'"text"',
        b"[]",
        b'[{"query": "{ time { currentDate } }"}]',
        b"{}",
        b'{"query": 7}',
        b'{"query": null}',
        b'{"query": "{ __typename }", "variables": []}',
        b'{"query": "{ __typename }", "variables": "x"}',
        b'{"query": "{ __typename }", "operationName": {}}',
        b"\xff\xfe\x00",
        b'{"query": "{ __typename }", "variables": {"a": NaN}}',
        b"[" * 100_000,
        b'{"query": "{ __typename }", "variables": {"a": ' + b"[" * 5_000 + b"]" * 5_000 + b"}}",
    ],
    ids=lambda body: repr(body[:40]),
)
async def test_a_body_that_is_no_request_is_told_so(staff: ApiClient, body: bytes) -> None:
    response = await staff.post(body)
    assert response.status_code == 400
    assert told(response.json()["errors"][0])[1] == "VALIDATION"


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", ""])
async def test_a_body_of_another_type_is_refused(staff: ApiClient, kind: str) -> None:
    response = await staff.post(b'{"query": "{ __typename }"}', **{"Content-Type": kind})
    assert response.status_code == 415
    assert told(response.json()["errors"][0])[0] == "UNSUPPORTED_CONTENT_TYPE"


@pytest.mark.parametrize(
    "query", ["", " ", "{", "}", "nonsense", "{ nothing }", "mutation { nothing }", "# only a comment"]
)
async def test_a_document_that_is_none_is_refused(staff: ApiClient, query: str) -> None:
    assert (await refused(staff, query))[1] == "VALIDATION"


BAD_TEXTS = [b"\\u0000", b"a\\u0000b", b"\\ud800", b"\\udfff\\ud800", b"\\ud83d"]


@pytest.mark.parametrize("text", BAD_TEXTS)
async def test_nul_and_half_surrogates_are_refused_wherever_they_stand(
    staff: ApiClient, account: str, text: bytes
) -> None:
    query, place = DEPOSIT.encode(), account.encode()
    bodies = [
        b'{"query":"%b","variables":{"input":{"depositAccountId":"%b","amount":1,"reference":"%b"}}}'
        % (query, place, text),
        b'{"query":"%b","variables":{"input":{"depositAccountId":"%b","amount":1,"%b":"x"}}}'
        % (query, place, text),
        b'{"query":"%b","variables":{"%b":1}}' % (query, text),
        b'{"query":"{ customerByEmail(email: \\"%b\\") { customerId } }"}' % text,
        b'{"query":"{ customerByEmail(email: \\"%b\\") { customerId } }"}' % text.replace(b"\\", b"\\\\"),
        b'{"query":"{ customerByEmail(email: \\"\\"\\"%b\\"\\"\\") { customerId } }"}' % text,
        b'{"query":"{ audit(first: 1, after: \\"%b\\") { nodes { __typename } } }"}' % text,
        b'{"query":"{ __typename # %b"}' % text,
        b'{"query":"query a { __typename }","operationName":"%b"}' % text,
    ]
    for body in bodies:
        response = await staff.post(body)
        assert response.status_code in {200, 400}, body
        assert told(response.json()["errors"][0])[1] == "VALIDATION", body


async def test_an_email_of_nobody_and_a_number_of_nothing_are_answered_null(staff: ApiClient) -> None:
    for email in ("", "x", "a@b", "%", "' or 1=1 --", "\u202e", "💰" * 100, str(uuid4())):
        found = await staff.ask("query ($e: String!) { customerByEmail(email: $e) { customerId } }", e=email)
        assert found["customerByEmail"] is None
