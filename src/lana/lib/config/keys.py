"""Which keys exist, read off the types: for clear sentences about unknown ones, and for the generated
reference.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import cast

import msgspec
from msgspec import inspect

from lana.lib.config.model import NOT_IN_FILE, Config, OpenSection

Document = Mapping[str, object]


def struct_types(type_: inspect.Type) -> list[inspect.StructType]:
    """The groups of keys a value may be; several for a tagged union, none for a plain value."""
    match type_:
        case inspect.StructType():
            return [type_]
        case inspect.UnionType(types=types):
            return [part for part in types if isinstance(part, inspect.StructType)]
        case _:
            return []


def fields_of(struct: inspect.StructType) -> dict[str, inspect.Type]:
    fields = {field.encode_name: field.type for field in struct.fields}
    if struct.cls is Config:
        return {name: type_ for name, type_ in fields.items() if name not in NOT_IN_FILE}
    if struct.tag_field:
        fields[struct.tag_field] = inspect.StrType()
    return fields


def unknown_keys(document: Document) -> list[str]:
    """One sentence per key that does not exist, naming the nearest one that does."""
    root = cast("inspect.StructType", inspect.type_info(Config))
    return list(_unknown(document, [root], ""))


def _unknown(document: Document, groups: list[inspect.StructType], path: str) -> Iterator[str]:
    group = _chosen(document, groups)
    known = fields_of(group)
    for key, value in document.items():
        if key not in known:
            if not issubclass(group.cls, OpenSection):
                yield _sentence(key, path, list(known))
            continue
        yield from _inside(value, known[key], f"{path}{key}")


def _inside(value: object, type_: inspect.Type, path: str) -> Iterator[str]:
    groups = struct_types(type_)
    if groups and isinstance(value, dict):
        yield from _unknown(cast("Document", value), groups, f"{path}.")
    elif isinstance(type_, inspect.VarTupleType) and isinstance(value, list):
        for number, item in enumerate(cast("list[object]", value)):
            yield from _inside(item, type_.item_type, f"{path}[{number}]")


def _chosen(document: Document, groups: list[inspect.StructType]) -> inspect.StructType:
    for group in groups:
        if group.tag_field and document.get(group.tag_field) == group.tag:
            return group
    return groups[0]


def _sentence(key: str, path: str, known: list[str]) -> str:
    near = difflib.get_close_matches(str(key), known, n=1, cutoff=0.5)
    where = f"{path}{key}"
    if near:
        return f"unknown key `{where}`: did you mean `{path}{near[0]}`?"
    listed = ", ".join(sorted(known)) or "none"
    return f"unknown key `{where}`: keys there are {listed}"


def leaves(
    struct: type[msgspec.Struct] = Config, path: str = ""
) -> Iterator[tuple[str, inspect.Type, object]]:
    """Every key with its type and default, dotted, in the file's order."""
    info = cast("inspect.StructType", inspect.type_info(struct))
    for field in info.fields:
        if struct is Config and field.encode_name in NOT_IN_FILE:
            continue
        where = f"{path}{field.encode_name}"
        groups = struct_types(field.type)
        if groups:
            for group in groups:
                if group.tag_field:
                    yield f"{where}.{group.tag_field}", inspect.StrType(), group.tag
                yield from leaves(group.cls, f"{where}.")
        else:
            yield where, field.type, field.default
