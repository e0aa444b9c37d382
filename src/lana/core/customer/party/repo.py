"""Parties as stored."""

from __future__ import annotations

from lana.core.customer.party.entity import Party
from lana.lib.es.repo import Repo
from lana.lib.es.table import Column


class PartyRepo(Repo[Party]):
    entity = Party
    table = "parties"
    label = "Party"
    columns = (Column("customer_type", "text", lambda party: party.customer_type),)
