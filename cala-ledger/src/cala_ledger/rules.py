"""Conditions and windows of velocity limits: CEL, translated to SQL once, decided inside the posting call.

Deciding in the database means deciding under its locks, against metadata as committed, for a whole batch at
once. Every CEL value is a jsonb; SQL's NULL stands for CEL's error, which gives `&&`, `||` and `?:` the same
absorbing logic in both. What ends as NULL is not decided, and the posting is refused.

Names: `transaction` (id, template, effective, month, year, description, external_id, correlation_id,
metadata), `entry` (account_id, layer, direction, currency, amount, entry_type, description), `account` (what
the limit is attached to: id, code, external_id, name, metadata), and the constants of templates. Dates and
ids are ISO text; absent metadata is an empty map.

The part of CEL taken: literals, lists, selection, indexing, `has`, `size`, `startsWith`, `endsWith`,
`contains`, `! && || ?: == != < <= > >= in + - *`. Anything else is refused when the limit is stored. Bounds:
2 000 characters, 50 levels.
"""

import json
import re
from collections.abc import Callable
from typing import Final, NamedTuple

from cala_ledger.expressions import CONSTANTS, MAX_EXPRESSION, Malformed

MAX_DEPTH: Final = 50
NAMES: Final = frozenset({"transaction", "entry", "account"})

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>\d+)(?![\w.])|(?P<name>[A-Za-z_]\w*)|(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<mark>&&|\|\||==|!=|<=|>=|[-+*!<>?:.,()\[\]]))"
)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}
_COMPARED: Final = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_COMPUTED: Final = {"+": "add", "-": "sub", "*": "mul"}
_ASKED: Final = {"startsWith": "starts", "endsWith": "ends", "contains": "contains"}


class _Sql(NamedTuple):
    """A translated part: its text, and whether it is an SQL boolean rather than a jsonb."""

    text: str
    boolean: bool = False

    @property
    def value(self) -> str:
        return f"to_jsonb({self.text})" if self.boolean else self.text

    @property
    def truth(self) -> str:
        return self.text if self.boolean else f"cala.cel_bool({self.text})"


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


class _Parser:
    """Recursive descent over CEL's levels of precedence; each method answers the SQL of what it read."""

    def __init__(self, source: str) -> None:
        self._tokens = _tokens(source)
        self._next = 0
        self._depth = 0

    def whole(self) -> _Sql:
        found = self._choice()
        if self._peek.kind != "end":
            raise self._unexpected()
        return found

    @property
    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _unexpected(self) -> Malformed:
        token = self._peek
        return Malformed(f"unexpected {token.text or 'end'!r} at character {token.at + 1}")

    def _take(self, *marks: str) -> str | None:
        token = self._peek
        if token.kind in ("mark", "name") and token.text in marks:
            self._next += 1
            return token.text
        return None

    def _expect(self, mark: str) -> None:
        if self._take(mark) is None:
            raise self._unexpected()

    def _choice(self) -> _Sql:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Malformed(f"more than {MAX_DEPTH} levels")
        found = self._either()
        if self._take("?"):
            yes = self._either()
            self._expect(":")
            no, asked = self._choice(), found.truth
            found = _Sql(f"case when {asked} then {yes.value} when not {asked} then {no.value} end")
        self._depth -= 1
        return found

    def _joined(self, mark: str, word: str, part: Callable[[], _Sql]) -> _Sql:
        found = part()
        while self._take(mark):
            found = _Sql(f"({found.truth} {word} {part().truth})", boolean=True)
        return found

    def _either(self) -> _Sql:
        return self._joined("||", "or", self._both)

    def _both(self) -> _Sql:
        return self._joined("&&", "and", self._relation)

    def _relation(self) -> _Sql:
        found = self._sum()
        while mark := self._take("==", "!=", *_COMPARED, "in"):
            other = self._sum()
            if mark in ("==", "!="):
                sign = "=" if mark == "==" else "<>"
                found = _Sql(f"({found.value} {sign} {other.value})", boolean=True)
            else:
                function = _COMPARED.get(mark, "in")
                found = _Sql(f"cala.cel_{function}({found.value}, {other.value})", boolean=True)
        return found

    def _computed(self, marks: tuple[str, ...], part: Callable[[], _Sql]) -> _Sql:
        found = part()
        while mark := self._take(*marks):
            found = _Sql(f"cala.cel_{_COMPUTED[mark]}({found.value}, {part().value})")
        return found

    def _sum(self) -> _Sql:
        return self._computed(("+", "-"), self._product)

    def _product(self) -> _Sql:
        return self._computed(("*",), self._unary)

    def _unary(self) -> _Sql:
        marks = ""
        while mark := self._take("!", "-"):
            marks += mark
        if len(marks) > MAX_DEPTH or len(set(marks)) > 1:
            raise self._unexpected()
        found = self._member()
        if len(marks) % 2 == 0:
            return found
        if marks[0] == "!":
            return _Sql(f"(not {found.truth})", boolean=True)
        return _Sql(f"cala.cel_sub('0'::jsonb, {found.value})")

    def _member(self) -> _Sql:
        found = self._primary()
        while mark := self._take(".", "["):
            if mark == "[":
                found = _Sql(f"cala.cel_index({found.value}, {self._choice().value})")
                self._expect("]")
                continue
            name = self._name()
            if self._take("("):
                found = self._method(found, name)
            else:
                found = _Sql(f"({found.value} -> {_quoted(name)})")
        return found

    def _method(self, on: _Sql, name: str) -> _Sql:
        if name == "size":
            self._expect(")")
            return _Sql(f"cala.cel_size({on.value})")
        if name not in _ASKED:
            raise Malformed(f"there is no method '{name}'")
        argument = self._choice()
        self._expect(")")
        return _Sql(f"cala.cel_{_ASKED[name]}({on.value}, {argument.value})", boolean=True)

    def _name(self) -> str:
        token = self._peek
        if token.kind != "name":
            raise self._unexpected()
        self._next += 1
        return token.text

    def _primary(self) -> _Sql:
        token = self._peek
        if self._take("("):
            found = self._choice()
            self._expect(")")
            return found
        if self._take("["):
            return self._list()
        self._next += 1
        match token.kind:
            case "number":
                if int(token.text) >= 2**63:
                    raise Malformed(f"{token.text} does not fit 64 bits")
                return _Sql(f"'{int(token.text)}'::jsonb")
            case "text":
                return _Sql(_json_literal(_unescaped(token)))
            case "name":
                return self._named(token)
            case _:
                self._next -= 1
                raise self._unexpected()

    def _named(self, token: _Token) -> _Sql:
        name = token.text
        if name in ("true", "false", "null"):
            return _Sql(f"'{name}'::jsonb")
        if name in CONSTANTS:
            return _Sql(_json_literal(CONSTANTS[name]))
        if name in NAMES:
            return _Sql(f"c.{name}")
        if name in ("has", "size") and self._take("("):
            return self._has() if name == "has" else self._size()
        raise Malformed(f"unknown name '{name}' at character {token.at + 1}")

    def _size(self) -> _Sql:
        argument = self._choice()
        self._expect(")")
        return _Sql(f"cala.cel_size({argument.value})")

    def _has(self) -> _Sql:
        """`has(e.f)`: the last selection is asked for instead of made."""
        found = self._member()
        self._expect(")")
        selected = re.fullmatch(r"\((.*) -> ('(?:[^']|'')*')\)", found.text, re.DOTALL)
        if found.boolean or selected is None:
            raise Malformed("has() takes a selection: has(a.b)")
        return _Sql(f"cala.cel_has({selected[1]}, {selected[2]})", boolean=True)

    def _list(self) -> _Sql:
        parts: list[str] = []
        while not self._take("]"):
            if parts:
                self._expect(",")
            parts.append(self._choice().value)
        if not parts:
            return _Sql("'[]'::jsonb")
        known = " and ".join(f"{part} is not null" for part in parts)
        return _Sql(f"case when {known} then jsonb_build_array({', '.join(parts)}) end")


def condition_sql(source: str) -> str:
    """An SQL boolean over `c.transaction`, `c.entry`, `c.account` (jsonb). Raises Malformed."""
    return _parsed(source).truth


def window_sql(sources: list[str]) -> str:
    """An SQL text that is equal for what shares a window; NULL when it cannot be worked out. Raises
    Malformed."""
    if not sources:
        return "''"
    values = [_parsed(source).value for source in sources]
    known = " and ".join(f"{value} is not null" for value in values)
    return f"case when {known} then jsonb_build_array({', '.join(values)})::text end"


def _parsed(source: str) -> _Sql:
    if not 0 < len(source.strip()) <= MAX_EXPRESSION:
        raise Malformed(f"an expression has 1 to {MAX_EXPRESSION} characters")
    return _Parser(source).whole()


def _tokens(source: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    end = len(source.rstrip())
    while at < end:
        found = _TOKEN.match(source, at)
        if found is None:
            rest = source[at:].lstrip()
            raise Malformed(f"unexpected {rest[:1]!r} at character {len(source) - len(rest) + 1}")
        kind = found.lastgroup or ""
        tokens.append(_Token(kind, found[kind], found.start(kind)))
        at = found.end()
    return [*tokens, _Token("end", "", end)]


def _unescaped(token: _Token) -> str:
    def escape(found: re.Match[str]) -> str:
        if found[1] not in _ESCAPES:
            raise Malformed(f"unknown escape '\\{found[1]}' at character {token.at + 1}")
        return _ESCAPES[found[1]]

    return re.sub(r"\\(.)", escape, token.text[1:-1], flags=re.DOTALL)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _json_literal(text: str) -> str:
    if "\x00" in text or any("\ud800" <= each <= "\udfff" for each in text):
        raise Malformed("a text holds a character that cannot be stored")
    return f"{_quoted(json.dumps(text))}::jsonb"
