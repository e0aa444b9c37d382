"""Papers of a loan: the term sheet a customer accepts, and the agreement staff ask for; made by jobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final
from uuid import UUID

from lana.core.credit.facility.repo import FacilityRepo
from lana.core.credit.paper import agreement_of, term_sheet_of
from lana.core.credit.proposal.entity import Proposal
from lana.core.credit.proposal.repo import ProposalRepo
from lana.core.credit.reading.plans import Plans
from lana.core.customer import Contacts
from lana.core.document import (
    Document,
    DocumentKind,
    DocumentNotReady,
    Documents,
    Kept,
    PdfRenderer,
    Unrenderable,
)
from lana.lib.authz import Authorizer, Ctx, Resource, Scope
from lana.lib.errors import Kind, Refusal
from lana.lib.es.commands import Commands
from lana.lib.es.op import DeferredJob, Op
from lana.lib.pg.database import Database

CONTRACT = Resource("contract", "contract")
FIND = CONTRACT.action("find")
LINK = CONTRACT.action("generate-download-link")

PREPARE_TERM_SHEET: Final = "credit.prepare-term-sheet"
GENERATE_AGREEMENT: Final = "credit.generate-agreement"
ACTOR: Final = "credit-documents"


class CreditFacilityNotFound(Refusal):
    kind = Kind.NOT_FOUND
    prefix = "ContractCreationError"

    @property
    def message(self) -> str:
        return "credit facility not found"


class LoanDocuments:
    def __init__(self, db: Database, authz: Authorizer, documents: Documents) -> None:
        self.documents = documents
        self._facilities = FacilityRepo(db)
        self._proposals = ProposalRepo(db)
        self._authz = authz

    # --- agreements, for staff ------------------------------------------------------------------------------

    async def generate_agreement(self, op: Op, facility_id: UUID) -> Document:
        """CreditFacilityNotFound unless the facility is active, matured or closed."""
        self._authz.enforce(op, LINK)
        facility = await op.maybe_find(self._facilities, facility_id)
        if facility is None:
            raise CreditFacilityNotFound
        customer_id = facility.customer_id
        kind = DocumentKind.CREDIT_FACILITY_AGREEMENT
        document = self.documents.create(op, kind, customer_id, f"{kind}_{customer_id}.pdf")
        op.defer(DeferredJob(GENERATE_AGREEMENT, {"document_id": str(document.id)}))
        return document

    async def maybe_find_agreement(self, ctx: Scope, document_id: UUID) -> Document | None:
        self._authz.enforce(ctx, FIND)
        found = await self.documents.peek(document_id)
        return found if found and found.document_type is DocumentKind.CREDIT_FACILITY_AGREEMENT else None

    async def agreement_link(self, op: Op, document_id: UUID) -> str:
        """A signed link. DocumentNotReady."""
        self._authz.enforce(op, LINK)
        found = await op.find(self.documents.repo, document_id)
        if found.document_type is not DocumentKind.CREDIT_FACILITY_AGREEMENT:
            raise self.documents.repo.not_found(document_id)
        return await self.documents.issue_link(op, found)

    # --- term sheets ----------------------------------------------------------------------------------------

    async def own_term_sheet_link(self, proposal: Proposal) -> str:
        """For the customer whose proposal it is. DocumentNotReady."""
        sheet = proposal.term_sheet
        found = await self.documents.peek(sheet.document_id) if sheet else None
        if found is None:
            raise DocumentNotReady(proposal.id)
        return self.documents.own_link(found)

    async def create_term_sheet(self, op: Op, proposal_id: UUID) -> Document:
        """A proposal has one, which bears its id: a job that runs again goes on with it."""
        filename = f"term_sheet_{proposal_id}.pdf"
        return await self.documents.create_once(
            op, proposal_id, DocumentKind.TERM_SHEET, proposal_id, filename
        )

    async def store_term_sheet(self, op: Op, proposal_id: UUID, kept: Kept) -> None:
        """The customer may accept it from here on."""
        document = await self.documents.mark_stored(op, proposal_id, kept)
        found = await op.find(self._proposals, proposal_id)
        if document.sha256 is not None:
            found.prepare_term_sheet(document.id, document.sha256)


class PrepareTermSheet:
    """Idempotent by the proposal: the first sheet stays. Default retries; after the last, it has failed."""

    name: ClassVar[str] = PREPARE_TERM_SHEET

    def __init__(
        self,
        commands: Commands,
        loan_documents: LoanDocuments,
        proposals: ProposalRepo,
        *,
        contacts: Contacts,
        plans: Plans,
        renderer: PdfRenderer,
    ) -> None:
        self._commands = commands
        self._loan_documents = loan_documents
        self._proposals = proposals
        self._contacts = contacts
        self._plans = plans
        self._renderer = renderer

    async def run(self, args: Mapping[str, object]) -> None:
        proposal = await self._proposals.peek(UUID(str(args["proposal_id"])))
        if proposal is None or proposal.term_sheet is not None:
            return
        papers = self._loan_documents
        contact = await self._contacts.own(proposal.customer_id)
        on = self._plans.date_of(proposal.created_at)
        ctx = _ctx(self.name, proposal.id)
        document = await self._commands.run(ctx, papers.create_term_sheet, proposal.id)
        sheet = term_sheet_of(proposal, contact, on, self._plans.end_of_day)
        try:
            content = await self._renderer.term_sheet(sheet)
        except Unrenderable as error:
            await self.gave_up(args, str(error))
            raise
        kept = await papers.documents.keep(document, content)
        await self._commands.run(ctx, papers.store_term_sheet, proposal.id, kept)

    async def gave_up(self, args: Mapping[str, object], error: str) -> None:
        document_id = UUID(str(args["proposal_id"]))
        if await self._loan_documents.documents.peek(document_id) is not None:
            verb = self._loan_documents.documents.mark_failed
            await self._commands.run(_ctx(self.name, document_id), verb, document_id, error)


class GenerateAgreement:
    """Idempotent by the document: stored once. Default retries; after the last, it has failed."""

    name: ClassVar[str] = GENERATE_AGREEMENT

    def __init__(
        self,
        commands: Commands,
        documents: Documents,
        *,
        contacts: Contacts,
        plans: Plans,
        renderer: PdfRenderer,
    ) -> None:
        self._commands = commands
        self._documents = documents
        self._contacts = contacts
        self._plans = plans
        self._renderer = renderer

    async def run(self, args: Mapping[str, object]) -> None:
        document = await self._documents.peek(UUID(str(args["document_id"])))
        if document is None or document.is_stored:
            return
        contact = await self._contacts.own(document.reference_id)
        on = self._plans.date_of(document.created_at)
        agreement = agreement_of(document.reference_id, contact, on)
        try:
            content = await self._renderer.agreement(agreement)
        except Unrenderable as error:
            await self.gave_up(args, str(error))
            raise
        kept = await self._documents.keep(document, content)
        ctx = _ctx(self.name, document.id)
        await self._commands.run(ctx, self._documents.mark_stored, document.id, kept)

    async def gave_up(self, args: Mapping[str, object], error: str) -> None:
        document_id = UUID(str(args["document_id"]))
        ctx = _ctx(self.name, document_id)
        await self._commands.run(ctx, self._documents.mark_failed, document_id, error)


def _ctx(job: str, about: UUID) -> Ctx:
    return Ctx.system(ACTOR, cause=f"{job}:{about}")
