"""One long-running process: logs and traces set up, the event loop chosen, everything flushed at the end."""

from __future__ import annotations

import asyncio
import os
import sys
from importlib.metadata import version

from lana.cli.errors import CommandFailed
from lana.lib.config import Config
from lana.lib.config.model import LogFormat
from lana.lib.telemetry import configure_logs, configure_traces


def serve_parts(config: Config, *names: str) -> None:
    """Serve "admin", "customer", "work" until told to stop."""
    from lana.admin_server.server import create_admin_app
    from lana.app.serving import Parts, PortInUse, serve
    from lana.customer_server.server import create_customer_app

    parts = Parts(0)
    for name in names:
        parts |= Parts[name.upper()]
    try:
        configure_logs(
            json=config.log.format is LogFormat.JSON, levels=os.environ.get("LANA_LOG", config.log.filter)
        )
    except ValueError as error:
        raise CommandFailed(str(error)) from error
    endpoint = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    traces = configure_traces(config.tracing.service_name, version("lana-bank"), endpoint)
    try:
        with asyncio.Runner(loop_factory=_loop) as runner:
            runner.run(
                serve(config, parts, {Parts.ADMIN: create_admin_app, Parts.CUSTOMER: create_customer_app})
            )
    except PortInUse as error:
        raise CommandFailed(str(error)) from error
    finally:
        traces.shutdown()


def _loop() -> asyncio.AbstractEventLoop:
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()
