"""Expressions of templates, compiled once.

Most expressions of real templates are a bare param, a constant or a literal: those become a look-up. Only the
others call CEL, whose context is `params` plus the constants below; dates and uuids reach it as text.

Bounds: an expression is at most 2 000 characters, with at most two nested comprehensions, so that what a
template's author wrote cannot run away over params, which are bounded themselves.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final, Protocol, TypeAlias, cast
from uuid import UUID

import cel

from cala_ledger.model import ParamValue

CONSTANTS: Final[Mapping[str, str]] = {
    "DEBIT": "debit",
    "CREDIT": "credit",
    "SETTLED": "settled",
    "PENDING": "pending",
    "ENCUMBRANCE": "encumbrance",
}
MAX_EXPRESSION: Final = 2_000
MAX_COMPREHENSIONS: Final = 2

Params: TypeAlias = Mapping[str, ParamValue]
Evaluate: TypeAlias = Callable[[Params], object]

_PARAM = re.compile(r"params\.([A-Za-z_][A-Za-z0-9_]*)")
_TEXT = re.compile(r"'([^'\\]*)'|\"([^\"\\]*)\"")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_COMPREHENSION = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(")


class Malformed(Exception):
    """An expression that cannot be compiled, with the reason."""


class _Program(Protocol):
    def execute(self, context: Mapping[str, object]) -> object: ...

    def variables(self) -> list[str]: ...


def _compile_cel(source: str) -> _Program:
    compiled = cast("Callable[[str], _Program]", cel.compile)
    try:
        return compiled(source)
    except ValueError as error:
        raise Malformed(str(error).splitlines()[0]) from error


def _check_length(source: str) -> None:
    if not source or len(source) > MAX_EXPRESSION:
        raise Malformed(f"an expression has 1 to {MAX_EXPRESSION} characters")


def check_cel(source: str) -> None:
    """Whether CEL itself reads the expression. Raises Malformed."""
    _check_length(source)
    if len(_COMPREHENSION.findall(source)) > 0:
        raise Malformed("comprehensions are not taken here")
    _compile_cel(source)


def referenced_params(source: str) -> frozenset[str]:
    return frozenset(_PARAM.findall(source))


def is_literal(source: str) -> bool:
    """One text or number, the same whatever the params are."""
    text = source.strip()
    return text in CONSTANTS or bool(_TEXT.fullmatch(text) or _INTEGER.fullmatch(text))


def compile_expression(source: str) -> Evaluate:
    """An evaluator for the expression. Raises Malformed."""
    text = source.strip()
    _check_length(text)
    if match := _PARAM.fullmatch(text):
        name = match[1]
        return lambda params: params[name]
    if text in CONSTANTS:
        constant = CONSTANTS[text]
        return lambda _: constant
    if match := _TEXT.fullmatch(text):
        literal = match[1] if match[1] is not None else match[2]
        return lambda _: literal
    if _INTEGER.fullmatch(text):
        number = int(text)
        return lambda _: number
    if len(_COMPREHENSION.findall(text)) > MAX_COMPREHENSIONS:
        raise Malformed(f"more than {MAX_COMPREHENSIONS} comprehensions")
    program = _compile_cel(text)
    unknown = sorted(set(program.variables()) - CONSTANTS.keys() - {"params"})
    if unknown and not _COMPREHENSION.search(text):
        raise Malformed(f"unknown name {unknown[0]}")
    return lambda params: program.execute(
        {**CONSTANTS, "params": {name: _to_cel(value) for name, value in params.items()}}
    )


def _to_cel(value: ParamValue) -> object:
    return str(value) if isinstance(value, UUID | date) else value
