"""One instance of any event, made from its types alone: the same on every run, so that its JSON can be frozen."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any, TypeVar, get_args

import msgspec
from msgspec import inspect

import lana.core
import lana.processes
from lana.lib.es.entity import Entity, Event
from lana.lib.outbox import PublicEvent, known_events

T = TypeVar("T")

UUID_TEXT = "018f0000-0000-7000-8000-000000000001"


def load_domains() -> None:
    """Import every module that may declare an event."""
    for package in (lana.core, lana.processes):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)


def entities() -> list[type[Entity[Any]]]:
    """Every aggregate, by its stored kind."""
    found: dict[str, type[Entity[Any]]] = {}
    waiting = list(Entity.__subclasses__())
    while waiting:
        cls = waiting.pop()
        waiting += cls.__subclasses__()
        if "kind" in vars(cls) and cls.__module__.startswith("lana.core."):
            assert found.setdefault(cls.kind, cls) is cls, f"two aggregates are stored as {cls.kind}"
    return [found[kind] for kind in sorted(found)]


def events_of(entity: type[Entity[Any]]) -> Iterator[type[Event]]:
    union = entity.event_types
    yield from get_args(union) or (union,)  # pyright: ignore[reportReturnType]


def every_event() -> dict[str, dict[str, Any]]:
    """Stored JSON of every event: by aggregate and tag, then the public ones by module and name."""
    load_domains()
    stored = {
        entity.kind: {
            str(event.__struct_config__.tag): json_of(event)
            for event in sorted(events_of(entity), key=lambda cls: str(cls.__struct_config__.tag))
        }
        for entity in entities()
    }
    public = {
        f"{event.module}.{event.__name__}": json_of(event)
        for event in known_events()
        if event.__module__.startswith("lana.")
    }
    return {"stored": stored, "public": public}


def instance_of(event: type[T]) -> T:
    return msgspec.convert(sample_of(inspect.type_info(event)), event, strict=False)


def json_of(event: type[Event | PublicEvent]) -> Any:
    sample = instance_of(event)
    encoded = sample.encode() if isinstance(sample, PublicEvent) else msgspec.json.encode(sample)
    return msgspec.json.decode(encoded)


PLAIN: dict[type[inspect.Type], Any] = {
    inspect.UUIDType: UUID_TEXT,
    inspect.DateTimeType: "2026-01-31T09:30:00Z",
    inspect.DateType: "2026-01-31",
    inspect.TimeType: "18:00:00",
    inspect.DecimalType: "12.5",
    inspect.BoolType: True,
    inspect.IntType: 42,
    inspect.StrType: "text",
    inspect.BytesType: "dGV4dA==",
    inspect.AnyType: "any",
}


def sample_of(kind: inspect.Type) -> Any:
    """A builtin value that converts into the type."""
    if type(kind) in PLAIN:
        return PLAIN[type(kind)]
    sample: Any
    match kind:
        case inspect.EnumType():
            sample = next(iter(kind.cls)).value
        case inspect.LiteralType():
            sample = kind.values[0]
        case inspect.UnionType():
            sample = sample_of(next(one for one in kind.types if not isinstance(one, inspect.NoneType)))
        case inspect.ListType() | inspect.VarTupleType() | inspect.SetType() | inspect.FrozenSetType():
            sample = [sample_of(kind.item_type)]
        case inspect.TupleType():
            sample = [sample_of(one) for one in kind.item_types]
        case inspect.DictType():
            sample = {"key": sample_of(kind.value_type)}
        case inspect.StructType():
            tag = {kind.tag_field: kind.tag} if kind.tag_field else {}
            sample = tag | {field.encode_name: sample_of(field.type) for field in kind.fields}
        case inspect.CustomType(cls=cls) if cls is object:
            sample = "any"
        case _:
            raise TypeError(f"no sample for {kind}")
    return sample
