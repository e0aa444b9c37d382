"""Traces: OTLP over gRPC where an endpoint is named, nothing at all where none is.

Guarantees: `span` costs next to nothing while traces are off; the W3C `traceparent` of a request is kept and
can be put on events, outbox rows and jobs, so that what happens later joins its cause; spans wait in a queue
of `QUEUE` and are dropped beyond it, they never block a request.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Protocol

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

QUEUE = 8192
FLUSH_MS = 5_000

_propagator = TraceContextTextMapPropagator()


class _Current:
    """The process's tracer, replaced as a whole when traces are configured."""

    tracer: trace.Tracer = trace.NoOpTracer()


Attribute = str | bool | int | float


class Traces(Protocol):
    """What `configure_traces` started."""

    def shutdown(self) -> None:
        """Flush what is queued, bounded, and stop."""
        ...


class _Off:
    def shutdown(self) -> None:
        return


class _On:
    def __init__(self, provider: TracerProvider) -> None:
        self._provider: TracerProvider = provider

    def shutdown(self) -> None:
        self._provider.force_flush(FLUSH_MS)
        self._provider.shutdown()


def configure_traces(
    service_name: str, version: str, endpoint: str | None, *, exporter: SpanExporter | None = None
) -> Traces:
    """Once per process. Every trace is sampled."""
    if exporter is None:
        if not endpoint:
            _Current.tracer = trace.NoOpTracer()
            return _Off()
        exporter = OTLPSpanExporter(endpoint=endpoint, insecure=endpoint.startswith("http://"))
    resource = Resource.create(
        {"service.name": service_name, "service.namespace": "lana", "service.version": version}
    )
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=QUEUE))
    _Current.tracer = provider.get_tracer("lana", version)
    return _On(provider)


@contextmanager
def span(name: str, **attributes: Attribute) -> Generator[trace.Span]:
    """A span around a block; an exception marks it."""
    with _Current.tracer.start_as_current_span(name, attributes=attributes) as current:
        yield current


@contextmanager
def remote(headers: Mapping[str, str]) -> Generator[None]:
    """The block joins the trace named by `traceparent` (and `tracestate`), if they are valid."""
    token = otel_context.attach(_propagator.extract(headers))
    try:
        yield
    finally:
        otel_context.detach(token)


def current_trace_id() -> str | None:
    """32 hex digits, or None outside of a trace."""
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else None


def current_traceparent() -> str | None:
    """What to send on, or to keep beside what will be done later."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent")
