"""Refusals about documents."""

from __future__ import annotations

from lana.lib.errors import Kind, Refusal


class DocumentNotReady(Refusal):
    """Its file is not there: its job has not run yet, or failed, or it is deleted."""

    kind = Kind.UNAVAILABLE
    prefix = "DocumentError"
