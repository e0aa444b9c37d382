"""Any value of a type, from a few of each kind, so that values drawn apart are often the same."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from typing import Any, Final, get_args, get_origin
from uuid import UUID

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from lana.core.terms import Interval, TermValues
from lana.lib.crypto import Keyring
from tests.support.lending import terms

Values = st.SearchStrategy[Any]

ANY_JSON: Final = st.sampled_from([None, True, 1, 0.5, "one", {"one": [1]}])

SOME_ID, ANOTHER_ID = UUID(int=1), UUID(int=2)
OLD, NEW = "00" * 32, "11" * 32

OWN: Final[dict[Any, Values]] = {
    TermValues: st.sampled_from([terms(), terms(fee="0", single=False, accrual=Interval.END_OF_MONTH)]),
    Keyring: st.sampled_from([Keyring.parse(OLD), Keyring.parse(NEW, OLD)]),
}

PLAIN: Final[dict[type[inspect.Type], Values]] = {
    inspect.UUIDType: st.sampled_from([str(SOME_ID), str(ANOTHER_ID)]),
    inspect.DateTimeType: st.sampled_from(["2026-01-31T23:59:59.999999Z", "2026-02-01T00:00:00Z"]),
    inspect.DateType: st.sampled_from(["2026-01-31", "2026-02-01", "2026-03-01"]),
    inspect.DecimalType: st.sampled_from(["0", "0.10", "1234567890.123456789012345678"]),
    inspect.BoolType: st.booleans(),
    inspect.IntType: st.sampled_from([0, 1, 2, 100_000_000]),
    inspect.StrType: st.sampled_from(["", "one", "Zwölf €"]),
    inspect.BytesType: st.sampled_from(["", "AP8="]),
    inspect.NoneType: st.none(),
}


def values_of(hint: Any) -> Values:
    """Of a struct, of a union of them, or of anything a field or a parameter may be declared as."""
    if hint in OWN:
        return OWN[hint]
    if get_origin(hint) is Iterable:
        return values_of(tuple[get_args(hint)[0], ...])
    return _builtins(inspect.type_info(hint)).map(lambda value: msgspec.convert(value, hint, strict=False))


def _builtins(kind: inspect.Type) -> Values:
    """What converts into the type."""
    if type(kind) in PLAIN:
        return PLAIN[type(kind)]
    match kind:
        case inspect.EnumType():
            return st.sampled_from([each.value for each in kind.cls])
        case inspect.UnionType():
            return st.one_of([_builtins(one) for one in kind.types])
        case inspect.ListType() | inspect.VarTupleType() | inspect.SetType() | inspect.FrozenSetType():
            return st.lists(_builtins(kind.item_type), max_size=3)
        case inspect.DictType():
            return st.dictionaries(_builtins(kind.key_type), _builtins(kind.value_type), max_size=2)
        case inspect.StructType(cls=cls) if cls in OWN:
            return OWN[cls].map(msgspec.to_builtins)
        case inspect.StructType():
            fields = {field.encode_name: _builtins(field.type) for field in kind.fields}
            tag = {kind.tag_field: st.just(kind.tag)} if kind.tag_field else {}
            return st.fixed_dictionaries(tag | fields)
        case inspect.AnyType() | inspect.CustomType(cls=builtins.object):
            return ANY_JSON
        case _:
            raise TypeError(f"no values of {kind}")
