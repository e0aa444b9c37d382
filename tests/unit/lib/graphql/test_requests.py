from __future__ import annotations

from typing import Any

import pytest
from graphql import get_introspection_query

from lana.lib.graphql import Limits
from tests.unit.lib.graphql.conftest import Client
from tests.unit.lib.graphql.example_domain import Domain

BOARDS = """query Boards($first: Int!) {
  committees(first: $first) {
    nodes { committeeId name state createdAt currentMembers { name } }
    edges { cursor node { name } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""
CREATE = """mutation ($input: CommitteeCreateInput!) {
  committeeCreate(input: $input) { committee { name } }
}"""
ONE = "00000000-0000-0000-0000-000000000001"


async def test_a_page_answers_nodes_edges_and_where_it_ends(client: Client) -> None:
    answer = await client.ask(BOARDS, {"first": 2})
    page = answer["data"]["committees"]
    assert [node["name"] for node in page["nodes"]] == ["board 10", "board 11"]
    assert page["nodes"][0]["state"] == "AT_REST"
    assert page["nodes"][0]["createdAt"] == "2026-01-31T09:30:00Z"
    assert [edge["node"]["name"] for edge in page["edges"]] == ["board 10", "board 11"]
    assert page["pageInfo"]["endCursor"] == page["edges"][1]["cursor"]
    assert (page["pageInfo"]["hasNextPage"], page["pageInfo"]["hasPreviousPage"]) == (True, False)


async def test_an_empty_page_has_no_cursors(client: Client) -> None:
    answer = await client.ask(BOARDS, {"first": 0})
    info = answer["data"]["committees"]["pageInfo"]
    assert (info["startCursor"], info["endCursor"], info["hasNextPage"]) == (None, None, True)


async def test_loads_of_one_moment_are_one_batch(client: Client, domain: Domain) -> None:
    await client.ask(BOARDS, {"first": 3})
    assert [len(batch) for batch in domain.batches] == [2]  # six loads of two people


async def test_reads_are_flushed_before_the_answer(client: Client, domain: Any) -> None:
    await client.ask(BOARDS, {"first": 1})
    assert domain.commands.flushed == 1


async def test_a_refusal_has_code_kind_and_request_id(client: Client) -> None:
    query = f'mutation {{ committeeUserRemove(input: {{committeeId: "{ONE}"}}) {{ committee {{ name }} }} }}'
    response = await client.post(query, **{"X-Request-Id": "r-1"})
    error = response.json()["errors"][0]
    assert response.json()["data"] is None
    assert error["message"].startswith("CommitteeError - LastMemberCannotLeave")
    assert error["extensions"] == {"code": "LAST_MEMBER_CANNOT_LEAVE", "kind": "CONFLICT", "requestId": "r-1"}
    assert error["path"] == ["committeeUserRemove"]
    assert response.headers["x-request-id"] == "r-1"
    assert response.headers["content-type"] == "application/graphql-response+json"


async def test_a_fault_says_nothing_but_its_request_id(client: Client) -> None:
    answer = await client.ask("{ broken }")
    assert answer["data"] == {"broken": None}
    assert answer["errors"][0]["message"] == "Internal error"
    assert answer["errors"][0]["extensions"]["kind"] == "INTERNAL"
    assert "secret" not in str(answer)


async def test_each_mutation_of_a_document_has_its_own_key(client: Client, domain: Any) -> None:
    query = """mutation ($input: CommitteeCreateInput!) {
      committeeCreate(input: $input) { committee { name } }
      again: committeeCreate(input: $input) { committee { name } }
    }"""
    await client.ask(query, {"input": {"name": "b", "memberUserIds": []}}, **{"Idempotency-Key": "k-1"})
    assert domain.commands.keys == ["k-1:committeeCreate", "k-1:again"]


async def test_without_a_header_a_command_has_no_key(client: Client, domain: Any) -> None:
    await client.ask(CREATE, {"input": {"name": "b", "memberUserIds": []}})
    assert domain.commands.keys == [None]


@pytest.mark.parametrize("key", ["", "a b", "x" * 65, "ü"])
async def test_a_key_is_visible_characters_and_short(client: Client, key: str) -> None:
    response = await client.http.post(
        "/graphql", json={"query": "{ __typename }"}, headers=[("Idempotency-Key", key.encode())]
    )
    assert response.json()["errors"][0]["extensions"]["code"] == "INVALID_IDEMPOTENCY_KEY"


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{ nope }", None, "GRAPHQL_VALIDATION_FAILED"),
        ("{ broken", None, "GRAPHQL_PARSE_FAILED"),
        ("", None, "GRAPHQL_PARSE_FAILED"),
        (BOARDS, {"first": "two"}, "GRAPHQL_BAD_VARIABLES"),
        (BOARDS, {}, "GRAPHQL_BAD_VARIABLES"),
        (BOARDS, {"first": -1}, "NEGATIVE_FIRST"),
        (BOARDS, {"first": 2**70}, "INTEGER_OUT_OF_RANGE"),
        ("{ committees(first: 99999999999999999999) { nodes { name } } }", None, "INTEGER_OUT_OF_RANGE"),
        (CREATE, {"input": {"name": "a\0b", "memberUserIds": []}}, "INVALID_TEXT"),
        (CREATE, {"input": {"name": "a", "memberUserIds": ["x"]}}, "INVALID_VALUE"),
        ("query A { broken } query B { broken }", None, "GRAPHQL_UNKNOWN_OPERATION"),
        ('subscription { memberJoined(names: ["a"]) { name } }', None, "GRAPHQL_UNKNOWN_OPERATION"),
        ("{" * 200 + "a" + "}" * 200, None, "GRAPHQL_TOO_DEEP"),
        (
            "{ __schema " + "{ types { fields { type " * 20 + "{ name }" + "}}}" * 20 + "}",
            None,
            "GRAPHQL_TOO_DEEP",
        ),
        ("{" + " ".join(f"a{n}: broken" for n in range(1000)) + "}", None, "GRAPHQL_TOO_MANY_ALIASES"),
        ("{" + "broken " * 10_001 + "}", None, "GRAPHQL_TOO_MANY_TOKENS"),
        (
            "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
            None,
            "GRAPHQL_VALIDATION_FAILED",
        ),
    ],
)
async def test_bad_requests_are_refused_with_a_code(
    client: Client, domain: Any, query: str, variables: object, code: str
) -> None:
    assert await client.refused(query, variables) == code
    assert domain.commands.keys == []


async def test_a_chain_of_fragments_counts_as_depth(client: Client) -> None:
    chain = "".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(1000))
    assert (
        await client.refused("{ ...F0 }" + chain + "fragment F1000 on Query { broken }") == "GRAPHQL_TOO_DEEP"
    )


async def test_fragments_used_twice_do_not_multiply_the_work(client: Client) -> None:
    doubling = "".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(30))
    answer = await client.refused("{ ...F0 }" + doubling + "fragment F30 on Query { broken }")
    assert answer == "GRAPHQL_TOO_COSTLY"


class TestCost:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(cost_limit=200, page_limit=100)

    async def test_what_could_be_too_much_is_refused(self, client: Client) -> None:
        query = "{ committees(first: 100) { nodes { name createdAt } } }"
        assert await client.refused(query) == "GRAPHQL_TOO_COSTLY"

    async def test_variables_decide_where_they_say_how_many(self, client: Client) -> None:
        query = "query ($n: Int!) { committees(first: $n) { nodes { name createdAt } } }"
        assert await client.refused(query, {"n": 100}) == "GRAPHQL_TOO_COSTLY"
        assert "errors" not in await client.ask(query, {"n": 2})
        assert await client.refused(query, {"n": 100_000}) == "GRAPHQL_TOO_COSTLY"


async def test_introspection_is_on(client: Client) -> None:
    answer = await client.ask(get_introspection_query())
    assert answer["data"]["__schema"]["queryType"]["name"] == "Query"
