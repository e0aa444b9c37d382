"""Scalars of the interface, with strict parsing: what is not exactly the wanted kind of value is refused.

Amounts cross the edge as JSON integers of minor units and are never a float or a string. Rates travel as
decimal strings. Instants are RFC 3339 in UTC. Identifiers that are texts keep their own types, so that they
cannot be mixed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NewType, cast
from uuid import UUID

import strawberry
from graphql import ValueNode, value_from_ast_untyped
from strawberry.types.scalar import ScalarDefinition

from lana.lib.errors import InvalidInput
from lana.lib.graphql.upload import Upload
from lana.lib.money import Satoshis, UsdCents

MIN_INT64 = -(2**63)
MAX_INT64 = 2**63 - 1
MAX_DECIMAL_DIGITS = 64

SignedUsdCents = NewType("SignedUsdCents", int)
SignedSatoshis = NewType("SignedSatoshis", int)
AuditEntryId = NewType("AuditEntryId", int)
AuditSubjectId = NewType("AuditSubjectId", str)
PublicId = NewType("PublicId", str)
AccountCode = NewType("AccountCode", str)
ReportDefinitionId = NewType("ReportDefinitionId", str)
Yaml = NewType("Yaml", str)
AnnualRatePct = NewType("AnnualRatePct", Decimal)
OneTimeFeeRatePct = NewType("OneTimeFeeRatePct", Decimal)
CVLPctValue = NewType("CVLPctValue", Decimal)
Json = NewType("Json", object)


class InvalidValue(InvalidInput):
    """A value is not of the kind its scalar takes."""


def _refuse(scalar: str, wanted: str) -> InvalidValue:
    return InvalidValue(f"{scalar} takes {wanted}")


def _integer(name: str, low: int) -> Callable[[object], int]:
    wanted = "a whole number of 64 bits, written as a JSON integer" + ("" if low else ", not below 0")

    def parse(value: object) -> int:
        if type(value) is not int or not low <= value <= MAX_INT64:
            raise _refuse(name, wanted)
        return value

    return parse


def _text(name: str, limit: int = 512) -> Callable[[object], str]:
    def parse(value: object) -> str:
        if not isinstance(value, str) or len(value) > limit:
            raise _refuse(name, f"a text of at most {limit} characters")
        return value

    return parse


def _decimal(name: str) -> Callable[[object], Decimal]:
    def parse(value: object) -> Decimal:
        # a JSON number arrives as its shortest decimal text, never through binary arithmetic
        if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
            raise _refuse(name, "a decimal number or its text")
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            raise _refuse(name, "a decimal number or its text") from None
        exponent = number.as_tuple().exponent
        if (
            not isinstance(exponent, int)
            or abs(exponent) + len(number.as_tuple().digits) > MAX_DECIMAL_DIGITS
        ):
            raise _refuse(name, f"a finite decimal of at most {MAX_DECIMAL_DIGITS} digits")
        return number

    return parse


_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})")


def _parse_uuid(value: object) -> UUID:
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise _refuse("UUID", "a hyphenated UUID")
    return UUID(value)


def _parse_date(value: object) -> date:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise _refuse("Date", "a date as YYYY-MM-DD")


def _parse_timestamp(value: object) -> datetime:
    if isinstance(value, str) and _TIMESTAMP.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise _refuse("Timestamp", "an instant as RFC 3339, e.g. 2026-01-31T09:30:00Z")


def _write_timestamp(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _write_decimal(value: Decimal) -> str:
    return format(value, "f")


def _parse_upload(value: object) -> Upload:
    if not isinstance(value, Upload):
        raise _refuse("Upload", "a file of a multipart request")
    return value


def _untouched(value: object) -> object:
    return value


def _scalar(
    name: str, parse: Callable[[Any], object], write: Callable[[Any], object] = _untouched
) -> ScalarDefinition:
    def literal(node: ValueNode, variables: Mapping[str, object] | None = None) -> object:
        return parse(value_from_ast_untyped(node, cast("dict[str, Any] | None", variables)))

    return strawberry.scalar(name=name, serialize=write, parse_value=parse, parse_literal=literal)


SCALARS: Mapping[object, ScalarDefinition] = {
    UUID: _scalar("UUID", _parse_uuid, str),
    date: _scalar("Date", _parse_date, date.isoformat),
    datetime: _scalar("Timestamp", _parse_timestamp, _write_timestamp),
    Decimal: _scalar("Decimal", _decimal("Decimal"), _write_decimal),
    AnnualRatePct: _scalar("AnnualRatePct", _decimal("AnnualRatePct"), _write_decimal),
    OneTimeFeeRatePct: _scalar("OneTimeFeeRatePct", _decimal("OneTimeFeeRatePct"), _write_decimal),
    CVLPctValue: _scalar("CVLPctValue", _decimal("CVLPctValue"), _write_decimal),
    UsdCents: _scalar("UsdCents", _integer("UsdCents", 0), int),
    Satoshis: _scalar("Satoshis", _integer("Satoshis", 0), int),
    SignedUsdCents: _scalar("SignedUsdCents", _integer("SignedUsdCents", MIN_INT64), int),
    SignedSatoshis: _scalar("SignedSatoshis", _integer("SignedSatoshis", MIN_INT64), int),
    AuditEntryId: _scalar("AuditEntryId", _integer("AuditEntryId", 0), int),
    AuditSubjectId: _scalar("AuditSubjectId", _text("AuditSubjectId"), str),
    PublicId: _scalar("PublicId", _text("PublicId"), str),
    AccountCode: _scalar("AccountCode", _text("AccountCode"), str),
    ReportDefinitionId: _scalar("ReportDefinitionId", _text("ReportDefinitionId"), str),
    Yaml: _scalar("Yaml", _text("Yaml", 1024 * 1024), str),
    Json: _scalar("Json", _untouched),
    Upload: _scalar("Upload", _parse_upload),
}
