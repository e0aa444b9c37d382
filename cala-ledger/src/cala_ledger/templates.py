"""Templates: compiled once, evaluated without a database.

`prepare` turns an input into a balanced transaction, or refuses it with an error that names transaction,
param and expression. It reads no clock and draws no id, so the same input always gives the same digest.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from hashlib import blake2b
from typing import Final, TypeVar, cast
from uuid import UUID

import msgspec

from cala_ledger import errors
from cala_ledger.expressions import (
    Evaluate,
    Malformed,
    Params,
    compile_expression,
    is_literal,
    referenced_params,
)
from cala_ledger.model import (
    Direction,
    EntrySpec,
    Layer,
    ParamType,
    ParamValue,
    PreparedEntry,
    PreparedTransaction,
    Template,
    TransactionInput,
)
from cala_ledger.money import CURRENCIES, MAX_AMOUNT

MAX_ENTRIES: Final = 65_535
MAX_PARAMS: Final = 1_000
MAX_TEXT: Final = 65_536
MAX_KEY: Final = 1_024
"""Of texts that an index holds: codes, external ids, correlation ids."""
MAX_METADATA: Final = 1_048_576

T = TypeVar("T")
_LAYERS: Final = {layer.value: layer for layer in Layer}
_DIRECTIONS: Final = {direction.value: direction for direction in Direction}


class _Field:
    """One compiled expression with the place it stands in."""

    __slots__ = ("_known", "evaluate", "is_literal", "name", "source")

    def __init__(self, template: str, name: str, source: str, params: frozenset[str]) -> None:
        missing = sorted(referenced_params(source) - params)
        try:
            if missing:
                raise Malformed(f"there is no param '{missing[0]}'")
            self.evaluate: Evaluate = compile_expression(source)
        except Malformed as error:
            raise errors.InvalidTemplate(
                template=template, field=name, reason=error, expression=source
            ) from error
        self.name = name
        self.source = source
        self.is_literal = is_literal(source)
        self._known: dict[Callable[[object], object], object] = {}

    def value(self, at: "_Evaluation", convert: Callable[[object], T]) -> T:
        """Of a literal it is worked out once."""
        if convert in self._known:
            return cast("T", self._known[convert])
        try:
            value = convert(self.evaluate(at.params))
            if self.is_literal:
                self._known[convert] = value
            return value
        except errors.LedgerError as error:
            error.detail.update(template=at.template, transaction_id=str(at.transaction_id), field=self.name)
            raise
        except (ValueError, TypeError, KeyError, RuntimeError, ArithmeticError) as error:
            raise errors.ExpressionFailed(
                template=at.template,
                transaction_id=at.transaction_id,
                field=self.name,
                reason=error,
                expression=self.source,
            ) from error


class _Evaluation(msgspec.Struct, frozen=True):
    template: str
    transaction_id: UUID
    params: Params


class _Entry:
    __slots__ = ("account_id", "amount", "currency", "description", "direction", "entry_type", "layer")

    def __init__(self, field: Callable[[str, str], _Field], spec: EntrySpec, number: int) -> None:
        place = f"entry {number} "
        self.entry_type = field(place + "entry_type", spec.entry_type)
        self.account_id = field(place + "account_id", spec.account_id)
        self.layer = field(place + "layer", spec.layer)
        self.direction = field(place + "direction", spec.direction)
        self.amount = field(place + "amount", spec.amount)
        self.currency = field(place + "currency", spec.currency)
        self.description = field(place + "description", spec.description) if spec.description else None

    def prepare(self, at: _Evaluation, number: int) -> PreparedEntry:
        amount = self.amount.value(at, _same)
        if type(amount) is not int or not 0 < amount <= MAX_AMOUNT:
            raise errors.InvalidAmount(
                transaction_id=at.transaction_id, template=at.template, entry=number, amount=amount
            )
        return PreparedEntry(
            self.entry_type.value(at, _text),
            self.account_id.value(at, _uuid),
            self.layer.value(at, _layer),
            self.direction.value(at, _direction),
            amount,
            self.currency.value(at, _currency),
            self.description.value(at, _text_or_none) if self.description else None,
        )


class CompiledTemplate:
    """A template ready to evaluate. Raises InvalidTemplate naming the field and its expression."""

    def __init__(self, template: Template) -> None:
        self.source: Final = template
        params = frozenset(param.name for param in template.params)
        if len(params) != len(template.params):
            raise errors.InvalidTemplate(
                template=template.code, field="params", reason="a name is used twice", expression=""
            )

        def field(name: str, source: str) -> _Field:
            return _Field(template.code, name, source, params)

        def optional(name: str, source: str | None) -> _Field | None:
            return None if source is None else field(name, source)

        spec = template.transaction
        self._journal_id = field("journal_id", spec.journal_id)
        self._effective = optional("effective", spec.effective)
        self._description = optional("description", spec.description)
        self._metadata = optional("metadata", spec.metadata)
        self._external_id = optional("external_id", spec.external_id)
        self._correlation_id = optional("correlation_id", spec.correlation_id)
        self._entries = tuple(_Entry(field, entry, n) for n, entry in enumerate(template.entries, 1))
        self._types = {param.name: param.type for param in template.params}
        self._defaults = {
            param.name: self._default(param.name, param.type, param.default)
            for param in template.params
            if param.default is not None
        }

    def _default(self, name: str, kind: ParamType, source: str) -> ParamValue:
        field = _Field(self.source.code, f"default of param '{name}'", source, frozenset())
        try:
            return _checked(kind, field.evaluate({}))
        except (ValueError, TypeError, RuntimeError, ArithmeticError) as error:
            raise errors.InvalidTemplate(
                template=self.source.code, field=field.name, reason=error, expression=source
            ) from error

    def _params(self, given: TransactionInput) -> dict[str, ParamValue]:
        params = dict(self._defaults)
        for name, value in given.params.items():
            kind = self._types.get(name)
            if kind is None:
                raise errors.UnknownParam(template=given.template, transaction_id=given.id, param=name)
            try:
                params[name] = _checked(kind, value)
            except errors.LedgerError as error:
                error.detail.update(
                    template=given.template, transaction_id=str(given.id), field=f"param '{name}'"
                )
                raise
            except (TypeError, ValueError) as error:
                raise errors.WrongParamType(
                    template=given.template, transaction_id=given.id, param=name, expected=kind.value
                ) from error
        if len(params) != len(self._types):
            missing = min(self._types.keys() - params.keys())
            raise errors.MissingParam(template=given.template, transaction_id=given.id, param=missing)
        return params

    def prepare(self, given: TransactionInput) -> PreparedTransaction:
        """See `Templates.prepare`."""
        at = _Evaluation(given.template, given.id, self._params(given))
        effective = given.effective
        if effective is None and self._effective is not None:
            effective = self._effective.value(at, _date)
        if effective is None:
            raise errors.EffectiveDateMissing(template=given.template, transaction_id=given.id)
        metadata: object = given.metadata
        if metadata is None and self._metadata is not None:
            metadata = self._metadata.value(at, _same)
        entries = tuple(entry.prepare(at, n) for n, entry in enumerate(self._entries, 1))
        _check_balanced(given, entries)
        prepared = PreparedTransaction(
            id=given.id,
            template=given.template,
            journal_id=self._journal_id.value(at, _uuid),
            effective=effective,
            description=self._description.value(at, _text_or_none) if self._description else None,
            metadata=None if metadata is None else encode_json("metadata", metadata),
            external_id=_own_or("external_id", given.external_id, self._external_id, at),
            correlation_id=_own_or("correlation_id", given.correlation_id, self._correlation_id, at),
            entries=entries,
            digest=b"",
        )
        return with_digest(prepared)


class Templates:
    """Templates known to a process, by code. `define` compiles; nothing is compiled while posting."""

    def __init__(self, templates: Iterable[Template] = ()) -> None:
        self._by_code: dict[str, CompiledTemplate] = {}
        for template in templates:
            self.define(template)

    def define(self, template: Template) -> None:
        """Compile and remember a template; the same again is a no-op. Raises InvalidTemplate,
        TemplateChanged, InvalidText."""
        self.remember([self.compiled(template)])

    def compiled(self, template: Template) -> CompiledTemplate:
        """As `define`, but it is not remembered yet."""
        known = self._by_code.get(storable("template code", template.code, MAX_KEY))
        if known is not None and known.source != template:
            raise errors.TemplateChanged(template=template.code)
        storable("template description", template.description or "")
        for field, found, most in (
            ("entries", template.entries, MAX_ENTRIES),
            ("params", template.params, MAX_PARAMS),
        ):
            if len(found) > most:
                raise errors.InvalidTemplate(
                    template=template.code, field=field, reason=f"more than {most}", expression=""
                )
        return known or CompiledTemplate(template)

    def remember(self, compiled: Iterable[CompiledTemplate]) -> None:
        for each in compiled:
            self._by_code[each.source.code] = each

    def all(self) -> tuple[Template, ...]:
        return tuple(compiled.source for compiled in self._by_code.values())

    def prepare(self, given: TransactionInput) -> PreparedTransaction:
        """Evaluate an input without touching the database.

        Raises TemplateNotFound, MissingParam, UnknownParam, WrongParamType, ExpressionFailed, InvalidAmount,
        UnbalancedTransaction, UnknownCurrency, InvalidText, EffectiveDateMissing.
        """
        compiled = self._by_code.get(given.template)
        if compiled is None:
            raise errors.TemplateNotFound(template=given.template, transaction_id=given.id)
        return compiled.prepare(given)


def _check_balanced(given: TransactionInput, entries: tuple[PreparedEntry, ...]) -> None:
    sums: dict[tuple[str, Layer], int] = {}
    for entry in entries:
        key = (entry.currency, entry.layer)
        sums[key] = sums.get(key, 0) + (entry.amount if entry.direction is Direction.DEBIT else -entry.amount)
    for (currency, layer), amount in sums.items():
        if amount:
            raise errors.UnbalancedTransaction(
                transaction_id=given.id,
                template=given.template,
                currency=currency,
                layer=layer.name,
                amount=amount,
            )


def with_digest(prepared: PreparedTransaction) -> PreparedTransaction:
    """The same with the digest of its content, which `prepared` holds empty."""
    digest = blake2b(msgspec.json.encode(prepared), digest_size=16, key=prepared.id.bytes).digest()
    return msgspec.structs.replace(prepared, digest=digest)


def _own_or(name: str, own: str | None, field: _Field | None, at: _Evaluation) -> str | None:
    if own is not None:
        return storable(name, own, MAX_KEY)
    return field.value(at, _key_or_none) if field else None


def _same(value: object) -> object:
    return value


def storable(field: str, value: str, most: int = MAX_TEXT) -> str:
    """The text itself. Raises InvalidText for NUL, lone surrogates, and what is longer than `most` bytes."""
    if "\x00" in value or len(value) > most:
        raise errors.InvalidText(field=field, most=most)
    if not value.isascii():
        try:
            size = len(value.encode())
        except UnicodeEncodeError as error:
            raise errors.InvalidText(field=field, most=most) from error
        if size > most:
            raise errors.InvalidText(field=field, most=most)
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"text is wanted, not {type(value).__name__}")
    return storable("text", value)


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _key_or_none(value: object) -> str | None:
    return None if value is None else storable("text", _text(value), MAX_KEY)


def _uuid(value: object) -> UUID:
    if isinstance(value, UUID):
        return value
    return UUID(_text(value))


def _date(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    return date.fromisoformat(_text(value))


def _layer(value: object) -> Layer:
    return _LAYERS[_text(value)]


def _direction(value: object) -> Direction:
    return _DIRECTIONS[_text(value)]


def _currency(value: object) -> str:
    currency = _text(value)
    if currency not in CURRENCIES:
        raise errors.UnknownCurrency(currency=currency)
    return currency


def encode_json(field: str, value: object) -> str:
    """A value as JSON text, keys sorted. Raises InvalidText when it cannot be stored or passes 1 MiB."""
    try:
        encoded = msgspec.json.encode(value, order="sorted")
        if b"null" in encoded:
            _refuse_not_finite(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise errors.InvalidText(field=field, most=MAX_METADATA) from error
    if len(encoded) > MAX_METADATA or rb"\u0000" in encoded:
        raise errors.InvalidText(field=field, most=MAX_METADATA)
    return encoded.decode()


def _refuse_not_finite(value: object) -> None:
    """NaN and the infinities have no JSON and would become null. Raises ValueError."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} has no JSON")
    if isinstance(value, Mapping):
        for each in cast("Mapping[object, object]", value).values():
            _refuse_not_finite(each)
    elif isinstance(value, list | tuple):
        for each in cast("list[object]", value):
            _refuse_not_finite(each)


def encode_metadata(metadata: Mapping[str, object] | None) -> str | None:
    """Metadata as JSON text. Raises InvalidText when it cannot be stored or passes 1 MiB."""
    return None if metadata is None else encode_json("metadata", metadata)


def _checked(kind: ParamType, value: object) -> ParamValue:
    match kind:
        case ParamType.UUID:
            return _uuid(value)
        case ParamType.STRING:
            return _text(value)
        case ParamType.INTEGER:
            if type(value) is not int or not -MAX_AMOUNT - 1 <= value <= MAX_AMOUNT:
                raise TypeError("a 64-bit integer is wanted")
            return value
        case ParamType.BOOLEAN:
            if not isinstance(value, bool):
                raise TypeError("true or false is wanted")
            return value
        case ParamType.DATE:
            return _date(value)
        case ParamType.JSON:
            return msgspec.json.decode(encode_json("param", value))
