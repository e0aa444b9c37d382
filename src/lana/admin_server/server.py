"""admin-server as an ASGI application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lana.admin_server.schema import schema
from lana.app.files import Files
from lana.core.document import PREFIX
from lana.lib.config import Config
from lana.lib.graphql.endpoint import Endpoint, EndpointConfig, WhoAsks
from lana.lib.graphql.engine import Engine
from lana.lib.graphql.limits import Limits

if TYPE_CHECKING:
    from lana.app import App


def create_admin_app(app: App, verifier: WhoAsks, config: Config) -> Endpoint[App]:
    limits = Limits.of(config.graphql)
    settings = EndpointConfig(limits=limits, origins=frozenset(config.admin_server.cors_origins))
    mounted = {PREFIX: Files(app.document_store, app.links)}
    return Endpoint(Engine(schema(), limits), app, verifier, settings, mounted=mounted)
