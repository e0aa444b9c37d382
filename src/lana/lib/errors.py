"""Refusals and faults.

A *refusal* is a rule that said no: typed, coded, shown to the caller, never logged as a fault. Everything
else is a fault and becomes `INTERNAL` at the edge. The code is derived from the class's name
(`AlreadyConfirmed` → `ALREADY_CONFIRMED`), and the message always contains that name, because clients look
for it.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import ClassVar


class Kind(StrEnum):
    """The eight kinds a client may branch on (`extensions.kind`)."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    VALIDATION = "VALIDATION"
    CONFLICT = "CONFLICT"
    RATE_LIMITED = "RATE_LIMITED"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"


def code_of(variant: str) -> str:
    """`AlreadyConfirmed` → `ALREADY_CONFIRMED`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", variant).upper()


class Refusal(Exception):
    """A rule said no. Subclasses name the rule; `prefix` is the chain clients know (`DepositError`)."""

    kind: ClassVar[Kind] = Kind.CONFLICT
    prefix: ClassVar[str] = ""
    variant: ClassVar[str] = "Refusal"
    code: ClassVar[str] = "REFUSAL"

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.variant = cls.__dict__.get("variant", cls.__name__)
        cls.code = cls.__dict__.get("code", code_of(cls.variant))

    def __init__(self, detail: object = "", *, field: str | None = None) -> None:
        self.detail = str(detail)
        self.field = field
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """`<prefix> - <Variant>: <detail>`, without the parts that are empty."""
        head = f"{self.prefix} - {self.variant}" if self.prefix else self.variant
        return f"{head}: {self.detail}" if self.detail else head


class StoredRefusal(Refusal):
    """A refusal read back from an idempotency key: the first answer, word for word."""

    def __init__(self, code: str, kind: Kind, message: str, field: str | None = None) -> None:
        self._message = message
        super().__init__(message, field=field)
        self.code = code  # pyright: ignore[reportAttributeAccessIssue]
        self.kind = kind  # pyright: ignore[reportAttributeAccessIssue]

    @property
    def message(self) -> str:
        return self._message


class NotFound(Refusal):
    """`<Entity>FindError - NotFound(id=<uuid>)`."""

    kind = Kind.NOT_FOUND

    def __init__(self, entity: str, column: str, value: object) -> None:
        super().__init__(f"{entity}FindError - NotFound({column}={value})")


class NotAuthorized(Refusal):
    kind = Kind.FORBIDDEN
    prefix = "AuthorizationError"


class ConcurrentModification(Refusal):
    """Two commands kept colliding on one entity and the bounded retries are used up."""


class ConstraintViolation(Refusal):
    """A value that must be unique is taken: `ConstraintViolation(Some(Email), Some("a@b"))`."""

    def __init__(self, column: str, value: str, *, prefix: str = "") -> None:
        self._prefix = prefix
        self._detail = (column, value)
        super().__init__(f'Some({column}), Some("{value}")', field=column)

    @property
    def message(self) -> str:
        column, value = self._detail
        head = f"{self._prefix} - " if self._prefix else ""
        return f'{head}ConstraintViolation(Some({column}), Some("{value}"))'


class IdempotencyKeyReused(Refusal):
    """The same key came with another operation or other variables."""


class Busy(Refusal):
    """The queue is full or the wait was too long; nothing was done, the caller may try again."""

    kind = Kind.UNAVAILABLE


class DatabaseUnavailable(Busy):
    """The database cannot be reached or has no room. What was asked may have been done: its key tells."""

    def __init__(self) -> None:
        super().__init__("the database is not available; ask again with the same idempotency key")


class InvalidInput(Refusal):
    kind = Kind.VALIDATION
