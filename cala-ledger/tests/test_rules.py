"""CEL translated to SQL answers as CEL does; what is not taken is refused with its place."""

from typing import Any

import cel
import psycopg
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from cala_ledger.expressions import CONSTANTS, MAX_EXPRESSION, Malformed
from cala_ledger.rules import MAX_DEPTH, condition_sql, window_sql

ERROR = "cannot be worked out"
KEYS = ("a", "b", "c")
scalars = st.one_of(
    st.integers(-5, 5), st.sampled_from(["", "x", "é", "2024-05-06"]), st.booleans(), st.none()
)
metadata = st.dictionaries(
    st.sampled_from(KEYS),
    st.one_of(scalars, st.lists(scalars, max_size=3), st.dictionaries(st.sampled_from(KEYS), scalars)),
)
paths = st.lists(st.sampled_from(KEYS), min_size=1, max_size=2).map(
    lambda keys: "transaction.metadata." + ".".join(keys)
)
leaves = st.one_of(
    paths,
    paths.map(lambda path: f"has({path})"),
    st.sampled_from(
        ["1", "-2", "'x'", '"é"', "true", "false", "null", "[1, 'x']", "DEBIT", "9223372036854775807"]
    ),
)


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    marks = st.sampled_from(["&&", "||", "==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*"])
    return st.one_of(
        st.tuples(inner, marks, inner).map(lambda each: f"({each[0]} {each[1]} {each[2]})"),
        inner.map(lambda one: f"!({one})"),
        inner.map(lambda one: f"-size({one})"),
        inner.map(lambda one: f"size({one})"),
        st.tuples(inner, inner, inner).map(lambda each: f"({each[0]} ? {each[1]} : {each[2]})"),
        st.tuples(inner, st.sampled_from(["startsWith", "endsWith", "contains"]), inner).map(
            lambda each: f"({each[0]}).{each[1]}({each[2]})"
        ),
        st.tuples(inner, inner).map(lambda each: f"({each[0]})[{each[1]}]"),
    )


expressions = st.recursive(leaves, _grown, max_leaves=8)


def by_cel(source: str, context: dict[str, Any]) -> object:
    try:
        return cel.compile(source).execute({**CONSTANTS, **context})
    except (ValueError, TypeError, KeyError, IndexError, OverflowError, RuntimeError):
        return ERROR


def by_sql(conn: psycopg.Connection, source: str, context: dict[str, Any]) -> object:
    sql = window_sql([source])
    row = conn.execute(
        f"select ({sql})::jsonb -> 0 from (select %s::jsonb as transaction, %s::jsonb as entry, %s::jsonb as account) c".encode(),
        [Jsonb(context["transaction"]), Jsonb({}), Jsonb({})],
    ).fetchone()
    assert row is not None
    if row[0] is None:
        null = conn.execute(
            f"select ({sql}) is null from (select %s::jsonb as transaction, '{{}}'::jsonb as entry,"
            " '{}'::jsonb as account) c".encode(),
            [Jsonb(context["transaction"])],
        ).fetchone()
        return ERROR if null == (True,) else None
    return row[0]


def test_sql_answers_as_cel_does(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as conn:

        @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(source=expressions, data=metadata)
        def agree(source: str, data: dict[str, Any]) -> None:
            # CEL counts characters; the library counts bytes, so only ASCII can agree on a size
            assume("size" not in source or (source + repr(data)).isascii())
            context: dict[str, Any] = {"transaction": {"metadata": data}, "entry": {}, "account": {}}
            theirs, ours = by_cel(source, context), by_sql(conn, source, context)
            assert (type(ours), ours) == (type(theirs), theirs), source

        agree()
        assert by_sql(conn, "size('é')", {"transaction": {}}) == 1


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("", "1 to 2000"),
        ("x" * (MAX_EXPRESSION + 1), "1 to 2000"),
        ("(" * (MAX_DEPTH + 1) + "1" + ")" * (MAX_DEPTH + 1), "levels"),
        ("!" * (MAX_DEPTH + 1) + "true", "unexpected"),
        ("params.amount > 1", "unknown name 'params' at character 1"),
        ("transaction.metadata.map(x, x)", "no method 'map'"),
        ("transaction.id == 'a' &&", "unexpected 'end'"),
        ("1 $ 2", "unexpected '$' at character 3"),
        ("1.5 < 2", "unexpected"),
        ("has(1)", "has() takes a selection"),
        ("has(transaction)", "has() takes a selection"),
        ("99999999999999999999", "64 bits"),
        ("'\\q'", "unknown escape"),
        ("timestamp('2024-01-01')", "unknown name 'timestamp'"),
        ("1 2", "unexpected '2'"),
    ],
)
def test_what_is_not_taken_is_refused(source: str, reason: str) -> None:
    with pytest.raises(Malformed) as refused:
        condition_sql(source)
    assert reason in str(refused.value)


def test_texts_cannot_leave_their_quotes(dsn: str) -> None:
    nasty = "'; drop table cala.entries; --"
    source = '"' + nasty + "\\\\" + '" == transaction.metadata.a'
    context = {"transaction": {"metadata": {"a": nasty + "\\"}}}
    with psycopg.connect(dsn, autocommit=True) as conn:
        assert by_sql(conn, source, context) is True
        assert conn.execute("select count(*) from cala.entries").fetchone() == (0,)
