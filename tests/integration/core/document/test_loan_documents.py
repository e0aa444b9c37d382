"""Term sheets and agreements from the wish to the download: jobs killed and run again, poison, links that open nothing."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from msgspec.structs import replace

from lana.app import App, open_app
from lana.core.credit import Facility, GenerateAgreement, PrepareTermSheet
from lana.core.credit.paper import term_sheet_of
from lana.core.document import Document, DocumentStatus, Unrenderable
from lana.lib.authz import Ctx, Subject
from lana.lib.config.model import LocalStorage
from lana.lib.jobs import ATTEMPTS, JobRunner
from tests.conftest import bank_config
from tests.support.api import Refused
from tests.support.bank import superuser_of
from tests.support.lending import BITCOIN, Lender
from tests.support.proof import assert_clean
from tests.support.servers import Servers
from tests.support.waiting import eventually

SHEET = (
    "{ me { customer { creditFacilityProposals { creditFacilityProposalId termSheet { sha256 link } } } } }"
)
LINK = (
    "mutation ($input: CreditFacilityAgreementDownloadLinksGenerateInput!)"
    " { creditFacilityAgreementDownloadLinkGenerate(input: $input) { link } }"
)
AGREEMENT = "query ($id: UUID!) { creditFacilityAgreement(id: $id) { status } }"


class Stand:
    """A bank whose documents lie in a folder of the test's, with one proposal waiting for its customer."""

    def __init__(self, app: App, ctx: Ctx, folder: Path) -> None:
        self.app = app
        self.lender = Lender(app, ctx)
        self.folder = folder
        self.servers = Servers(app, ctx.subject.id)

    def job(self, name: str) -> Any:
        (found,) = [job for job in self.app.jobs if job.name == name]
        return found

    async def work_off(self) -> None:
        """Every job that waits is done, or has failed as often as it may; there is nowhere to make logins."""
        await self.app.db.fetch("delete from procrastinate_jobs where task_name ~ 'keycloak'")
        running = asyncio.create_task(JobRunner(self.app.db, self.app.jobs).run())
        try:
            await eventually(self._nothing_waits, 30)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def _nothing_waits(self) -> bool:
        await self.app.db.fetch("update procrastinate_jobs set scheduled_at = now() where status = 'todo'")
        rows = await self.app.db.fetch("select 1 from procrastinate_jobs where status in ('todo', 'doing')")
        return not rows

    async def get(self, link: str, *, of_customer: bool = False, method: str = "GET") -> httpx.Response:
        """Without any token."""
        asgi = self.servers.customers if of_customer else self.servers.admin
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=asgi)) as http:
            return await http.request(method, link)

    async def document(self, document_id: UUID) -> Document:
        found = await self.app.credit.loan_documents.documents.peek(document_id)
        assert found is not None
        return found

    async def facility(self) -> Facility:
        await self.lender.price(10_000_000)
        return await self.lender.active(100_000, BITCOIN)

    async def agreement(self, facility: Facility) -> UUID:
        made = await self.servers.superuser.do(
            "creditFacilityAgreementGenerate",
            "creditFacilityAgreement { creditFacilityAgreementId status }",
            creditFacilityId=str(facility.id),
        )
        assert made["creditFacilityAgreement"]["status"] == "PENDING"
        return UUID(made["creditFacilityAgreement"]["creditFacilityAgreementId"])

    async def status(self, agreement_id: UUID) -> str:
        found = await self.servers.superuser.ask(AGREEMENT, id=str(agreement_id))
        return found["creditFacilityAgreement"]["status"]

    async def link(self, agreement_id: UUID) -> str:
        made = await self.servers.superuser.ask(LINK, input={"creditFacilityAgreementId": str(agreement_id)})
        return made["creditFacilityAgreementDownloadLinkGenerate"]["link"]


@pytest_asyncio.fixture
async def bank(bank_dsn: str, tmp_path: Path) -> AsyncIterator[Stand]:
    config = bank_config(bank_dsn)
    storage = LocalStorage(root_folder=str(tmp_path / "kept"))
    config = replace(config, app=replace(config.app, storage=storage))
    async with open_app(config, start=False) as app:
        yield Stand(app, await superuser_of(app), tmp_path / "kept")
        await assert_clean(app)


async def test_a_customer_reads_the_term_sheet_and_accepts_it_by_its_hash(bank: Stand) -> None:
    proposal = await bank.lender.propose(100_000)
    client = bank.servers.customer(proposal.customer_id)
    assert (await client.ask(SHEET))["me"]["customer"]["creditFacilityProposals"][0]["termSheet"] is None
    await bank.work_off()
    (shown,) = (await client.ask(SHEET))["me"]["customer"]["creditFacilityProposals"]
    link = shown["termSheet"]["link"]
    assert link.startswith("http://app.localhost:4455/local-storage/")
    answer = await bank.get(link, of_customer=True)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert hashlib.sha256(answer.content).hexdigest() == shown["termSheet"]["sha256"]
    assert answer.headers["content-disposition"] == "inline"
    assert answer.headers["cache-control"] == "private, no-store"
    verb = bank.app.credit.proposals.accept
    ctx = Ctx(subject=Subject.customer(proposal.customer_id), request_id="test")
    accepted = await bank.app.commands.run(ctx, verb, proposal.id, shown["termSheet"]["sha256"])
    assert accepted.evidence is not None
    assert accepted.evidence.sha256 == shown["termSheet"]["sha256"]


async def test_the_same_proposal_makes_the_same_hash_again(bank: Stand) -> None:
    proposal = await bank.lender.propose(100_000)
    await bank.work_off()
    document = await bank.document(proposal.id)
    path = bank.folder / document.path_in_storage
    path.unlink()
    assert (await bank.get(await own_link(bank, proposal.id), of_customer=True)).status_code == 404
    job: PrepareTermSheet = bank.job("credit.prepare-term-sheet")
    contact = await job._contacts.own(proposal.customer_id)
    on = job._plans.date_of(proposal.created_at)
    again = await job._renderer.term_sheet(term_sheet_of(proposal, contact, on, job._plans.end_of_day))
    assert hashlib.sha256(again).hexdigest() == document.sha256
    path.write_bytes(again)


async def own_link(bank: Stand, proposal_id: UUID) -> str:
    return bank.app.credit.loan_documents.documents.own_link(await bank.document(proposal_id))


async def test_staff_have_an_agreement_made_and_open_it(bank: Stand) -> None:
    facility = await bank.facility()
    agreement_id = await bank.agreement(facility)
    with pytest.raises(Refused) as refused:
        await bank.link(agreement_id)
    assert (refused.value.code, refused.value.kind) == ("DOCUMENT_NOT_READY", "UNAVAILABLE")
    await bank.work_off()
    assert await bank.status(agreement_id) == "COMPLETED"
    link = await bank.link(agreement_id)
    assert link.startswith("http://admin.localhost:4455/local-storage/")
    answer = await bank.get(link)
    assert answer.content.startswith(b"%PDF-")
    listed = await bank.servers.superuser.ask(
        "query ($id: UUID!, $document: UUID!) { customerDocument(id: $document) { customerId }"
        " customer(id: $id) { documents { customerDocumentId filename status } } }",
        id=str(facility.customer_id),
        document=str(agreement_id),
    )
    assert listed == {
        "customerDocument": {"customerId": str(facility.customer_id)},
        "customer": {
            "documents": [
                {
                    "customerDocumentId": str(agreement_id),
                    "filename": f"credit-facility-agreement-{facility.customer_id}-pdf",
                    "status": "ACTIVE",
                }
            ]
        },
    }
    document = await bank.document(agreement_id)
    assert (document.reference_id, document.filename) == (
        facility.customer_id, f"credit-facility-agreement-{facility.customer_id}-pdf",
    )  # fmt: skip


async def test_an_unknown_facility_has_no_agreement_nor_has_a_proposal(bank: Stand) -> None:
    proposal = await bank.lender.propose(100_000)
    for facility_id in (uuid4(), proposal.id):
        with pytest.raises(Refused, match=r"^credit facility not found$"):
            await bank.servers.superuser.do(
                "creditFacilityAgreementGenerate",
                "creditFacilityAgreement { status }",
                creditFacilityId=str(facility_id),
            )


async def test_a_term_sheet_is_no_agreement(bank: Stand) -> None:
    proposal = await bank.lender.propose(100_000)
    await bank.work_off()
    found = await bank.servers.superuser.ask(AGREEMENT, id=str(proposal.id))
    assert found["creditFacilityAgreement"] is None
    found = await bank.servers.superuser.ask(
        "query ($id: UUID!) { customerDocument(id: $id) { filename } }", id=str(proposal.id)
    )
    assert found["customerDocument"] is None
    with pytest.raises(Refused) as refused:
        await bank.link(proposal.id)
    assert refused.value.kind == "NOT_FOUND"


async def test_staff_without_the_contract_set_learn_nothing(bank: Stand) -> None:
    facility = await bank.facility()
    agreement_id = await bank.agreement(facility)
    viewer = await bank.servers.user_with("viewer", "credit_viewer", "credit_writer")
    for document, variables in (
        (AGREEMENT, {"id": str(agreement_id)}),
        (LINK, {"input": {"creditFacilityAgreementId": str(agreement_id)}}),
        (LINK, {"input": {"creditFacilityAgreementId": str(uuid4())}}),
    ):
        with pytest.raises(Refused) as refused:
            await viewer.ask(document, **variables)
        assert refused.value.kind == "FORBIDDEN"


# --- links ----------------------------------------------------------------------------------------------------


async def test_links_that_open_nothing(bank: Stand) -> None:
    one, two = await bank.lender.propose(100_000), await bank.lender.propose(200_000)
    await bank.work_off()
    link, other = await own_link(bank, one.id), await own_link(bank, two.id)
    path, query = link.split("?")
    answers = {
        "another's": f"{other.split('?')[0]}?{query}",
        "forged": link[:-1] + ("0" if link[-1] != "0" else "1"),
        "unsigned": path,
        "traversal": "http://x/local-storage/Li4vLi4vZXRjL3Bhc3N3ZA?expires=9999999999&sig=00",
        "no base64": f"http://x/local-storage/%21?{query}",
        "plain": f"http://x/local-storage/documents/term_sheet/{one.id}.pdf?{query}",
        "bare": "http://x/local-storage/",
    }
    got = {name: await bank.get(each, of_customer=True) for name, each in answers.items()}
    assert {name: (answer.status_code, answer.text) for name, answer in got.items()} == {
        "another's": (403, "Invalid signature"),
        "forged": (403, "Invalid signature"),
        "unsigned": (403, "Link has expired"),
        "traversal": (400, "Invalid path"),
        "no base64": (400, "Invalid base64 encoding"),
        "plain": (400, "Invalid base64 encoding"),
        "bare": (400, "Invalid path"),
    }
    for method in ("POST", "PUT", "DELETE"):
        assert (await bank.get(link, of_customer=True, method=method)).status_code == 405
    expired = bank.app.links.path_and_query((await bank.document(one.id)).path_in_storage, 1)
    answer = await bank.get(f"http://x{expired}")
    assert (answer.status_code, answer.text) == (403, "Link has expired")
    assert (await bank.get(link)).status_code == 200


async def test_a_missing_file_and_a_broken_disk_are_told_apart(bank: Stand) -> None:
    proposal = await bank.lender.propose(100_000)
    await bank.work_off()
    link = await own_link(bank, proposal.id)
    path = bank.folder / (await bank.document(proposal.id)).path_in_storage
    content = path.read_bytes()
    path.unlink()
    assert ((await bank.get(link)).status_code, (await bank.get(link)).text) == (404, "File not found")
    path.parent.rmdir()
    path.parent.write_text("no folder")
    answer = await bank.get(link)
    assert (answer.status_code, answer.text) == (503, "Storage not available")
    path.parent.unlink()
    path.parent.mkdir()
    path.write_bytes(content)


# --- jobs -----------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """As a process that ends: nobody catches it."""


@pytest.mark.parametrize("where", ["rendered", "put", "kept"])
async def test_a_job_killed_anywhere_and_run_again_makes_one_document(
    bank: Stand, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    proposal = await bank.lender.propose(100_000)
    job: PrepareTermSheet = bank.job("credit.prepare-term-sheet")
    documents = bank.app.credit.loan_documents.documents
    target, name = {
        "rendered": (documents, "keep"),
        "kept": (bank.app.credit.loan_documents, "store_term_sheet"),
        "put": (documents._store, "put"),
    }[where]
    real = getattr(target, name)

    async def dying(*args: Any) -> None:
        if where == "put":
            await real(*args)
        raise Killed

    monkeypatch.setattr(target, name, dying)
    with pytest.raises(Killed):
        await job.run({"proposal_id": str(proposal.id)})
    monkeypatch.undo()
    await bank.work_off()
    await job.run({"proposal_id": str(proposal.id)})
    rows = await bank.app.db.fetch("select id, status from documents")
    assert [(row[0], row[1]) for row in rows] == [(proposal.id, "active")]
    document = await bank.document(proposal.id)
    content = (bank.folder / document.path_in_storage).read_bytes()
    assert hashlib.sha256(content).hexdigest() == document.sha256
    stored = await bank.app.credit.proposals.repo.peek(proposal.id)
    assert stored is not None
    assert stored.term_sheet is not None
    assert stored.term_sheet.sha256 == document.sha256


async def test_one_job_run_by_many_at_once_makes_one_document(bank: Stand) -> None:
    proposal = await bank.lender.propose(100_000)
    job: PrepareTermSheet = bank.job("credit.prepare-term-sheet")
    await asyncio.gather(*(job.run({"proposal_id": str(proposal.id)}) for _ in range(8)))
    rows = await bank.app.db.fetch("select id, status from documents")
    assert [(row[0], row[1]) for row in rows] == [(proposal.id, "active")]


async def test_a_job_that_fails_for_good_says_so_and_mends_when_retried(
    bank: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    facility = await bank.facility()
    await bank.work_off()
    agreement_id = await bank.agreement(facility)
    job: GenerateAgreement = bank.job("credit.generate-agreement")

    async def down(*_: object) -> bytes:
        raise TimeoutError("the renderer takes too long")

    monkeypatch.setattr(job._renderer, "agreement", down)
    await bank.app.db.fetch(
        "update procrastinate_jobs set attempts = %b::int8 where status = 'todo'", [ATTEMPTS - 2]
    )
    await bank.work_off()
    assert await bank.status(agreement_id) == "FAILED"
    (failed,) = await bank.app.db.fetch("select job_id, error from failed_jobs")
    assert "takes too long" in failed[1]
    monkeypatch.undo()
    await JobRunner(bank.app.db, bank.app.jobs).retry(failed[0])
    await bank.work_off()
    assert await bank.status(agreement_id) == "COMPLETED"


async def test_what_no_template_can_set_has_failed_at_once(
    bank: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    facility = await bank.facility()
    agreement_id = await bank.agreement(facility)
    job: GenerateAgreement = bank.job("credit.generate-agreement")

    async def refused(*_: object) -> bytes:
        raise Unrenderable("a text of 2001 characters")

    monkeypatch.setattr(job._renderer, "agreement", refused)
    with pytest.raises(Unrenderable):
        await job.run({"document_id": str(agreement_id)})
    assert (await bank.document(agreement_id)).status is DocumentStatus.FAILED


async def test_a_customer_with_a_poisoned_name_gets_papers_like_everybody(bank: Stand) -> None:
    facility = await bank.facility()
    await bank.app.db.fetch(
        "update personal_data set handle = %b::text where id = %b::uuid",
        ['#panic() $x$ "\\u{0}" \u202e' + "w" * 200, facility.customer_id],
    )
    agreement_id = await bank.agreement(facility)
    await bank.work_off()
    assert await bank.status(agreement_id) == "COMPLETED"
    assert (await bank.get(await bank.link(agreement_id))).content.startswith(b"%PDF-")
