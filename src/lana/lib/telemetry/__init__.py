"""Logs, traces and metrics: how the bank is watched."""

from lana.lib.telemetry.asgi import Traced
from lana.lib.telemetry.logs import configure_logs
from lana.lib.telemetry.metrics import REGISTRY, Metric, catalogue, counter, gauge, histogram
from lana.lib.telemetry.operations import ReadinessCheck, operations_app
from lana.lib.telemetry.traces import (
    Traces,
    configure_traces,
    current_trace_id,
    current_traceparent,
    remote,
    span,
)

__all__ = [
    "REGISTRY",
    "Metric",
    "ReadinessCheck",
    "Traced",
    "Traces",
    "catalogue",
    "configure_logs",
    "configure_traces",
    "counter",
    "current_trace_id",
    "current_traceparent",
    "gauge",
    "histogram",
    "operations_app",
    "remote",
    "span",
]
