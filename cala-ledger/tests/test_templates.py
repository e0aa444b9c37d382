"""Templates evaluated without a database: what is copied, computed, refused, and how it is named."""

import time
from datetime import date
from uuid import UUID

import msgspec
import pytest

from cala_ledger import (
    EntrySpec,
    Layer,
    Param,
    ParamType,
    ParamValue,
    Template,
    Templates,
    TransactionInput,
    TransactionSpec,
    errors,
    exponent,
)

A, B, JOURNAL = UUID(int=1), UUID(int=2), UUID(int=3)
DAY = date(2024, 2, 29)


def leg(account: str, direction: str, /, **changes: str) -> EntrySpec:
    spec = EntrySpec(
        entry_type=f"'T_{direction}'",
        account_id=account,
        layer="SETTLED",
        direction=direction,
        amount="params.amount",
        currency="'USD'",
    )
    return msgspec.structs.replace(spec, **changes)


def template(
    *entries: EntrySpec, transaction: TransactionSpec | None = None, params: tuple[Param, ...] = ()
) -> Template:
    return Template(
        code="T",
        params=(
            Param(name="amount", type=ParamType.INTEGER),
            Param(name="a", type=ParamType.UUID, default=f"'{A}'"),
            Param(name="b", type=ParamType.UUID, default=f"'{B}'"),
            Param(name="note", type=ParamType.STRING, default="'none'"),
            Param(name="data", type=ParamType.JSON, default="{'k': 1}"),
            Param(name="on", type=ParamType.DATE, default="'2024-02-29'"),
            Param(name="sure", type=ParamType.BOOLEAN, default="true"),
            *params,
        ),
        transaction=transaction or TransactionSpec(journal_id=f"'{JOURNAL}'", effective="params.on"),
        entries=entries or (leg("params.a", "DEBIT"), leg("params.b", "CREDIT")),
    )


def given(**params: ParamValue) -> TransactionInput:
    return TransactionInput(id=UUID(int=9), template="T", params={"amount": 5, **params})


def prepare(definition: Template, **params: ParamValue):
    return Templates([definition]).prepare(given(**params))


def test_params_literals_and_constants_are_copied() -> None:
    prepared = prepare(template())
    assert [(e.account_id, e.direction.value, e.amount, e.currency) for e in prepared.entries] == [
        (A, "debit", 5, "USD"),
        (B, "credit", 5, "USD"),
    ]
    assert (prepared.journal_id, prepared.effective, prepared.metadata) == (JOURNAL, DAY, None)


def test_real_expressions_are_computed() -> None:
    definition = template(
        leg("params.a", "params.sure ? DEBIT : CREDIT", amount="params.amount * 2", layer="PENDING"),
        leg("params.b", "CREDIT", amount="params.amount + params.amount", layer="'pending'"),
        transaction=TransactionSpec(
            journal_id=f"'{JOURNAL}'",
            description="'for ' + params.note + ' on ' + params.on",
            metadata="{'data': params.data, 'who': params.a}",
            external_id="'x:' + params.a",
        ),
    )
    prepared = Templates([definition]).prepare(msgspec.structs.replace(given(note="me"), effective=DAY))
    assert [(e.amount, e.layer) for e in prepared.entries] == [(10, Layer.PENDING)] * 2
    assert prepared.description == "for me on 2024-02-29"
    assert prepared.external_id == f"x:{A}"
    assert msgspec.json.decode(prepared.metadata or "") == {"data": {"k": 1}, "who": str(A)}


def test_what_the_input_gives_wins_over_the_template() -> None:
    own = msgspec.structs.replace(
        given(), effective=date(2020, 1, 1), metadata={"m": 1}, external_id="e", correlation_id="c"
    )
    prepared = Templates([template()]).prepare(own)
    assert (prepared.effective, prepared.metadata) == (date(2020, 1, 1), '{"m":1}')
    assert (prepared.external_id, prepared.correlation_id) == ("e", "c")


def test_digest_tells_equal_content_from_other_content() -> None:
    registry = Templates([template()])
    first = registry.prepare(given()).digest
    assert registry.prepare(given()).digest == first
    others = [
        given(amount=6),
        given(a=UUID(int=7)),
        msgspec.structs.replace(given(), metadata={"m": 1}),
        msgspec.structs.replace(given(), external_id="e"),
        msgspec.structs.replace(given(), effective=date(2024, 3, 1)),
    ]
    assert len({registry.prepare(other).digest for other in others} | {first}) == 6


@pytest.mark.parametrize("amount", [0, -1, 2**63, 2**80])
def test_amounts_must_be_positive_and_fit_in_64_bits(amount: int) -> None:
    with pytest.raises((errors.InvalidAmount, errors.WrongParamType)) as refused:
        prepare(template(), amount=amount)
    assert refused.value.detail["transaction_id"] == str(UUID(int=9))


@pytest.mark.parametrize("expression", ["1.5", "'5'", "true", "params.amount * 1.0", "params.data.k == 1"])
def test_an_amount_that_is_no_integer_is_refused(expression: str) -> None:
    with pytest.raises((errors.InvalidAmount, errors.ExpressionFailed)) as refused:
        prepare(template(leg("params.a", "DEBIT", amount=expression), leg("params.b", "CREDIT")))
    assert refused.value.detail["template"] == "T"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("amount", "5", "integer"),
        ("amount", 5.0, "integer"),
        ("amount", True, "integer"),
        ("a", "not-a-uuid", "uuid"),
        ("on", "2024-02-30", "date"),
        ("sure", 1, "boolean"),
        ("note", 5, "string"),
    ],
)
def test_wrong_param_types_name_the_param(name: str, value: ParamValue, expected: str) -> None:
    with pytest.raises(errors.WrongParamType) as refused:
        prepare(template(), **{name: value})
    assert (refused.value.detail["param"], refused.value.detail["expected"]) == (name, expected)


def test_missing_and_unknown_params_and_templates_are_named() -> None:
    registry = Templates([template()])
    with pytest.raises(errors.MissingParam, match="amount"):
        registry.prepare(msgspec.structs.replace(given(), params={}))
    with pytest.raises(errors.UnknownParam, match="ammount"):
        registry.prepare(given(ammount=1))
    with pytest.raises(errors.TemplateNotFound, match="NONE"):
        registry.prepare(msgspec.structs.replace(given(), template="NONE"))
    with pytest.raises(errors.EffectiveDateMissing):
        prepare(template(transaction=TransactionSpec(journal_id="params.a")))


def test_debits_must_equal_credits_per_currency_and_layer() -> None:
    with pytest.raises(errors.UnbalancedTransaction) as refused:
        prepare(template(leg("params.a", "DEBIT"), leg("params.b", "CREDIT", amount="4")))
    assert (refused.value.detail["currency"], refused.value.detail["amount"]) == ("USD", 1)
    with pytest.raises(errors.UnbalancedTransaction):
        prepare(template(leg("params.a", "DEBIT"), leg("params.b", "CREDIT", layer="PENDING")))
    with pytest.raises(errors.UnbalancedTransaction):
        prepare(template(leg("params.a", "DEBIT"), leg("params.b", "CREDIT", currency="'BTC'")))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"currency": "'XXY'"}, errors.UnknownCurrency),
        ({"layer": "'somewhere'"}, errors.ExpressionFailed),
        ({"direction": "'up'"}, errors.ExpressionFailed),
        ({"account_id": "params.note"}, errors.ExpressionFailed),
        ({"entry_type": "5"}, errors.ExpressionFailed),
        ({"amount": "params.amount / 0"}, errors.ExpressionFailed),
        ({"amount": "params.amount + 9223372036854775807"}, errors.ExpressionFailed),
        ({"amount": "params.data.missing + 1"}, errors.ExpressionFailed),
    ],
)
def test_expressions_that_fail_name_field_and_expression(changes: dict[str, str], error: type) -> None:
    with pytest.raises(error) as refused:
        prepare(template(leg("params.a", "DEBIT", **changes), leg("params.b", "CREDIT")))
    assert refused.value.detail["transaction_id"] == str(UUID(int=9))
    if error is errors.ExpressionFailed:
        field, expression = next(iter(changes.items()))
        assert field in str(refused.value.detail["field"])
        assert refused.value.detail["expression"] == expression


@pytest.mark.parametrize(
    "expression",
    [
        "params.nope",
        "1 +",
        "",
        "amount",
        "params.a + params.nope",
        "(" * 500 + "1" + ")" * 500,
        "'" + "x" * 3_000 + "'",
    ],
)
def test_wrong_expressions_are_refused_when_the_template_is_defined(expression: str) -> None:
    with pytest.raises(errors.InvalidTemplate) as refused:
        Templates([template(leg("params.a", "DEBIT", amount=expression), leg("params.b", "CREDIT"))])
    assert refused.value.detail["field"] == "entry 1 amount"


def test_expression_bombs_end_in_bounded_time() -> None:
    nested = "[1,2,3].map(a, [1,2,3].map(b, [1,2,3].map(c, 1)))"
    started = time.perf_counter()
    with pytest.raises(errors.InvalidTemplate, match="comprehensions"):
        Templates([template(leg("params.a", "DEBIT", amount=nested), leg("params.b", "CREDIT"))])
    growing = "params.note" + " + params.note" * 30
    definition = template(leg("params.a", "DEBIT", entry_type=growing), leg("params.b", "CREDIT"))
    with pytest.raises(errors.InvalidText):
        prepare(definition, note="x" * 60_000)
    assert time.perf_counter() - started < 2


def test_text_that_cannot_be_stored_is_refused() -> None:
    for text in ("a\x00b", "\ud800", "x" * 70_000, "é" * 40_000):
        with pytest.raises(errors.InvalidText):
            prepare(template(), note=text)
    for data in ({"k": "a\x00b"}, {"k": "x" * 1_100_000}):
        with pytest.raises(errors.InvalidText):
            prepare(template(), data=data)
        with pytest.raises(errors.InvalidText):
            Templates([template()]).prepare(msgspec.structs.replace(given(), metadata=data))


def test_defaults_are_checked_when_the_template_is_defined() -> None:
    wrong = Param(name="n", type=ParamType.INTEGER, default="'five'")
    with pytest.raises(errors.InvalidTemplate, match="default of param 'n'"):
        Templates([template(params=(wrong,))])
    with pytest.raises(errors.InvalidTemplate, match="twice"):
        Templates([template(params=(Param(name="a", type=ParamType.UUID),))])


def test_a_template_may_be_defined_again_but_not_changed() -> None:
    registry = Templates([template(), template()])
    assert len(registry.all()) == 1
    with pytest.raises(errors.TemplateChanged):
        registry.define(template(leg("params.a", "DEBIT"), leg("params.a", "CREDIT")))


def test_currencies_know_their_exponents() -> None:
    assert [exponent(code) for code in ("USD", "BTC", "JPY", "KWD")] == [2, 8, 0, 3]
    with pytest.raises(errors.UnknownCurrency):
        exponent("usd")


def test_every_refusal_has_its_own_code() -> None:
    assert errors.refusal("VELOCITY_LIMIT_EXCEEDED", {"asked": 1}).code == "VELOCITY_LIMIT_EXCEEDED"
    with pytest.raises(LookupError):
        errors.refusal("NO_SUCH_CODE", {})
