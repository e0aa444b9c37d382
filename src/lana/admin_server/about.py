"""What runs here. Any accepted token may ask."""

from __future__ import annotations

import platform
from importlib.metadata import version

import strawberry

from lana.admin_server.common import Info
from lana.lib.config import to_yaml
from lana.lib.graphql import Yaml


@strawberry.type
class BuildInfo:
    version: str
    build_profile: str
    build_target: str
    enabled_features: list[str]


@strawberry.type
class Query:
    @strawberry.field
    async def build_info(self, info: Info) -> BuildInfo:
        return BuildInfo(
            version=version("lana-bank"),
            build_profile="release",
            build_target=f"{platform.machine()}-{platform.system().lower()}",
            enabled_features=[],
        )

    @strawberry.field
    async def app_config(self, info: Info) -> Yaml:
        return Yaml(to_yaml(info.context.app.config))
