"""One line per event on standard output, as JSON or for a person's eyes.

Guarantees: a value whose key names a secret is never written, at any depth; every line carries the trace it
belongs to; what libraries log through the standard module comes out in the same form. Costs: one dictionary
per line. What breaks it: a secret put into the text of an event instead of a key.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO, cast

import structlog
from structlog.typing import Processor

from lana.lib.telemetry.traces import current_trace_id

SECRET_WORDS = (
    "password",
    "secret",
    "token",
    "authorization",
    "cookie",
    "encryption_key",
    "api_key",
    "private_key",
    "signing_key",
    "xpriv",
    "pg_con",
    "dsn",
)
REDACTED = "[redacted]"
MAX_DEPTH = 6

EventDict = MutableMapping[str, Any]


def names_secret(key: str) -> bool:
    plain = key.lower().replace("-", "_")
    return any(word in plain for word in SECRET_WORDS)


def redact(value: object, depth: int = 0) -> object:
    """The value without secrets; what is nested deeper than `MAX_DEPTH` is left out."""
    if depth > MAX_DEPTH:
        return REDACTED
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        return {k: REDACTED if names_secret(str(k)) else redact(v, depth + 1) for k, v in items}
    if isinstance(value, list | tuple):
        return [redact(item, depth + 1) for item in cast("list[object]", value)]
    return value


def _redact(_: object, __: str, event: EventDict) -> EventDict:
    return cast("EventDict", redact(event))


def _trace(_: object, __: str, event: EventDict) -> EventDict:
    trace_id = current_trace_id()
    if trace_id:
        event["trace_id"] = trace_id
    return event


def parse_filter(text: str) -> tuple[int, dict[str, int]]:
    """`info,httpx=warning` → level, exceptions by logger. ValueError for an unknown level."""
    default, exceptions = logging.INFO, dict[str, int]()
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, level = part.rpartition("=")
        number = logging.getLevelNamesMapping().get(level.upper())
        if number is None:
            raise ValueError(f"log filter {text!r}: {level!r} is no level")
        if equals:
            exceptions[name] = number
        else:
            default = number
    return default, exceptions


QUIET = {"httpx": logging.WARNING, "httpcore": logging.WARNING, "uvicorn.access": logging.WARNING}


def configure_logs(*, json: bool, levels: str = "info", stream: TextIO | None = None) -> None:
    """Once per process, before anything logs."""
    level, exceptions = parse_filter(levels)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _trace,
        structlog.processors.format_exc_info,
        _redact,
    ]
    last: Processor = (
        structlog.processors.JSONRenderer(default=str)
        if json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name, number in (QUIET | exceptions).items():
        logging.getLogger(name).setLevel(number)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
