"""Public events: what one domain tells the others, in commit order, at least once."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec
from msgspec import structs

_registry: dict[tuple[str, str], type[PublicEvent]] = {}


class PublicEvent(msgspec.Struct, frozen=True, kw_only=True):
    """The entity snapshot of a public event. Subclasses name their `module`; the class's name is the stored
    type.

    Stored as `{"module": …, "type": …, "entity": {…fields}}`; a `flat` one, which is no entity's snapshot, as
    `{"module": …, "type": …, …fields}`. Carries ids and states, never personal data.
    """

    module: ClassVar[str]
    flat: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if hasattr(cls, "module"):
            _registry[cls.module, cls.__name__] = cls

    def encode(self) -> bytes:
        head: dict[str, Any] = {"module": self.module, "type": type(self).__name__}
        return msgspec.json.encode(head | (structs.asdict(self) if self.flat else {"entity": self}))


class _Envelope(msgspec.Struct):
    module: str
    type: str
    entity: msgspec.Raw = msgspec.Raw()


def decode(payload: bytes) -> PublicEvent | None:
    """The typed event; None for one this release does not know (a newer writer's)."""
    envelope = msgspec.json.decode(payload, type=_Envelope)
    cls = _registry.get((envelope.module, envelope.type))
    return msgspec.json.decode(payload if cls.flat else envelope.entity, type=cls) if cls else None


def known_events() -> list[type[PublicEvent]]:
    """Every public event of this release, for the generated reference and the golden files."""
    return sorted(_registry.values(), key=lambda cls: (cls.module, cls.__name__))
