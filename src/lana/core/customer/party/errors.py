"""Refusals of a party."""

from __future__ import annotations

from lana.lib.errors import InvalidInput


class ContactTooLong(InvalidInput):
    prefix = "PartyError"
