"""Proposals as stored, with what their lists filter and sort by."""

from __future__ import annotations

from typing import ClassVar

from lana.core.credit.proposal.entity import Proposal
from lana.lib.es.children import ChildRepo
from lana.lib.es.table import Column


class ProposalRepo(ChildRepo[Proposal]):
    entity: ClassVar[type[Proposal]] = Proposal
    table: ClassVar[str] = "credit_facility_proposals"
    label: ClassVar[str] = "CreditFacilityProposal"
    parent: ClassVar[str] = "customer_id"
    columns = (
        Column("customer_id", "uuid", lambda proposal: proposal.customer_id),
        Column("status", "text", lambda proposal: proposal.status),
        Column("amount", "int8", lambda proposal: proposal.amount),
    )
