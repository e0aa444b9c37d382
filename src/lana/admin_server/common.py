"""What the domain files of this server share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import strawberry

from lana.lib.graphql import Request

if TYPE_CHECKING:
    from lana.app import App

    Info = strawberry.Info[Request[App], None]
else:
    Info = strawberry.Info[Any, None]

__all__ = ["Info"]
