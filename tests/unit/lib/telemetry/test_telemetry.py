from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import httpx
import pytest
import structlog
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from lana.lib.telemetry import (
    REGISTRY,
    Traced,
    catalogue,
    configure_logs,
    configure_traces,
    counter,
    current_trace_id,
    current_traceparent,
    operations_app,
    remote,
    span,
)
from lana.lib.telemetry.logs import parse_filter, redact

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    configure_logs(json=True, levels="info,noisy=error", stream=stream)
    yield stream
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    traces = configure_traces("test", "0", None, exporter=exporter)
    yield exporter
    traces.shutdown()
    configure_traces("test", "0", None)


def logged(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_secrets_never_reach_the_log(lines: io.StringIO) -> None:
    structlog.get_logger().info(
        "request",
        Authorization="Bearer x",
        nested={"smtp-password": "x", "list": [{"accessToken": "x"}]},
        user="u",
    )
    (line,) = logged(lines)
    assert line["user"] == "u"
    assert '"x"' not in lines.getvalue()
    assert "Bearer" not in lines.getvalue()


def test_secrets_nested_too_deep_are_left_out() -> None:
    value: object = "x"
    for _ in range(20):
        value = {"a": value}
    assert "x" not in str(redact(value)).replace("redacted", "")


def test_libraries_log_in_the_same_form(lines: io.StringIO) -> None:
    logging.getLogger("some.library").warning("trouble with %s", "it")
    (line,) = logged(lines)
    assert (line["event"], line["level"], line["logger"]) == ("trouble with it", "warning", "some.library")


def test_filter_has_exceptions_by_logger(lines: io.StringIO) -> None:
    logging.getLogger("noisy").warning("hush")
    structlog.get_logger("x").debug("hush")
    assert lines.getvalue() == ""


@pytest.mark.parametrize("text", ["loud", "info,httpx=loud", "="])
def test_unknown_level_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no level"):
        parse_filter(text)


def test_line_carries_the_trace_it_belongs_to(lines: io.StringIO, spans: InMemorySpanExporter) -> None:
    with remote({"traceparent": PARENT}), span("work"):
        structlog.get_logger().info("inside")
        assert current_trace_id() == TRACE
    assert logged(lines)[0]["trace_id"] == TRACE
    assert current_trace_id() is None


def test_traceparent_goes_on_to_what_happens_later(spans: InMemorySpanExporter) -> None:
    with remote({"traceparent": PARENT}), span("request"):
        kept = current_traceparent()
    assert kept is not None
    assert kept.split("-")[1] == TRACE
    with remote({"traceparent": "garbage"}), span("alone"):
        assert current_trace_id() not in (None, TRACE)


def test_without_an_endpoint_nothing_is_traced() -> None:
    configure_traces("test", "0", None)
    with span("work"):
        assert current_trace_id() is None


def test_metric_has_one_declaration_and_a_proper_name() -> None:
    counter("lana_test_things_total", "things of this test")
    with pytest.raises(ValueError, match="declared twice"):
        counter("lana_test_things_total", "again")
    with pytest.raises(ValueError, match="_total"):
        counter("lana_test_things", "no unit")
    with pytest.raises(ValueError, match="lana_"):
        counter("other_total", "foreign")
    assert "lana_test_things_total" in {metric.name for metric in catalogue()}


def client(app: object) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)  # pyright: ignore[reportArgumentType]
    return httpx.AsyncClient(transport=transport, base_url="http://x")


async def test_requests_are_counted_by_known_paths_only(spans: InMemorySpanExporter) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/broken":
            raise ZeroDivisionError
        await PlainTextResponse(current_trace_id() or "")(scope, receive, send)

    async with client(Traced(app, "test-server")) as http:
        answer = await http.get("/graphql", headers={"traceparent": PARENT})
        await http.get("/wp-admin.php")
        await http.get("/broken")
    assert answer.text == TRACE

    def value(path: str, status: str) -> float | None:
        labels = {"server": "test-server", "path": path, "status": status}
        return REGISTRY.get_sample_value("lana_http_requests_total", labels)

    assert (value("/graphql", "200"), value("other", "200"), value("other", "500")) == (1, 1, 1)
    assert value("/wp-admin.php", "200") is None
    assert REGISTRY.get_sample_value("lana_http_requests_running", {"server": "test-server"}) == 0


async def test_operator_port_shows_metrics_and_life() -> None:
    async with client(operations_app(REGISTRY, {})) as http:
        assert (await http.get("/health")).text == "OK"
        metrics = await http.get("/metrics")
        assert metrics.status_code == 200
        assert "process_cpu_seconds_total" in metrics.text
        assert (await http.get("/graphql")).status_code == 404
        assert (await http.post("/metrics")).status_code == 405


async def test_ready_only_when_every_check_passes() -> None:
    broken = True

    async def database() -> None:
        if broken:
            raise ConnectionError("password=hunter2")

    async def keys() -> None:
        return

    async with client(operations_app(REGISTRY, {"database": database, "keys": keys})) as http:
        answer = await http.get("/health/ready")
        assert answer.status_code == 503
        assert answer.json() == {"ready": False, "checks": {"database": "failed", "keys": "ok"}}
        assert "hunter2" not in answer.text
        broken = False
        assert (await http.get("/health/ready")).status_code == 200
