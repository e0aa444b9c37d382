"""Prometheus metrics of this process, declared where they are fed.

Guarantees: a name is declared once (a second declaration is a fault); names begin with `lana_` and end with
their unit; labels come from small closed sets, never from ids or texts of a user. Cost: an addition per
event.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)

REGISTRY = CollectorRegistry(auto_describe=True)
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metric(msgspec.Struct, frozen=True):
    """One line of the generated reference."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str


_declared: dict[str, Metric] = {}


def _declare(name: str, kind: str, about: str, labels: Sequence[str]) -> None:
    if not name.startswith("lana_"):
        raise ValueError(f"metric {name} does not begin with lana_")
    if name in _declared:
        raise ValueError(f"metric {name} is declared twice")
    _declared[name] = Metric(name, kind, tuple(labels), about)


def counter(name: str, about: str, labels: Sequence[str] = ()) -> Counter:
    """Something that only grows; `name` ends with `_total`."""
    if not name.endswith("_total"):
        raise ValueError(f"counter {name} does not end with _total")
    _declare(name, "counter", about, labels)
    return Counter(name, about, labels, registry=REGISTRY)


def gauge(name: str, about: str, labels: Sequence[str] = ()) -> Gauge:
    """Something that goes up and down; feed it, or give it a function with `set_function`."""
    _declare(name, "gauge", about, labels)
    return Gauge(name, about, labels, registry=REGISTRY)


def histogram(
    name: str, about: str, labels: Sequence[str] = (), *, buckets: Sequence[float] = SECONDS
) -> Histogram:
    """How something is distributed; by default seconds."""
    _declare(name, "histogram", about, labels)
    return Histogram(name, about, labels, registry=REGISTRY, buckets=buckets)


def catalogue() -> list[Metric]:
    """Every metric of the bank's own, by name, as far as its module is imported."""
    return [_declared[name] for name in sorted(_declared)]
