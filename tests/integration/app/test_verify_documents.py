"""`verify` reads every stored file and finds a changed byte, a lost file, an acceptance of another hash."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from msgspec.structs import replace

from lana.app import App, open_app
from lana.app import verify_documents as module
from lana.app.verify import Finding, verify
from lana.core.credit import Proposal
from lana.core.document import Document, DocumentKind, Documents, Kept
from lana.lib.authz import Ctx, Subject
from lana.lib.config.model import LocalStorage
from lana.lib.es.op import Op
from tests.conftest import bank_config
from tests.support.bank import superuser_of
from tests.support.lending import Lender

FILES = "documents: files = hashes"
SHEETS = "credit: term sheets = documents"
SYSTEM = Ctx.system("test")
CONTENT = b"%PDF-1.7 what was agreed"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kept"


@pytest_asyncio.fixture
async def bank(bank_dsn: str, folder: Path) -> AsyncIterator[App]:
    config = bank_config(bank_dsn)
    storage = LocalStorage(root_folder=str(folder))
    async with open_app(replace(config, app=replace(config.app, storage=storage)), start=False) as opened:
        yield opened


def documents_of(app: App) -> Documents:
    return app.credit.loan_documents.documents


async def create(app: App) -> Document:
    async def verb(op: Op) -> Document:
        kind = DocumentKind.CREDIT_FACILITY_AGREEMENT
        return documents_of(app).create(op, kind, uuid4(), "an agreement.pdf")

    return await app.commands.run(SYSTEM, verb)


async def store(app: App, content: bytes = CONTENT) -> Document:
    document = await create(app)
    kept = await documents_of(app).keep(document, content)
    return await app.commands.run(SYSTEM, documents_of(app).mark_stored, document.id, kept)


def away(folder: Path) -> None:
    folder.rename(folder.with_name("away"))


def there(folder: Path) -> bool:
    return folder.exists()


async def finding(app: App, check: str = FILES) -> Finding:
    (found,) = [each for each in await verify(app) if each.check == check]
    return found


async def violations(app: App, check: str = FILES) -> Sequence[str]:
    return (await finding(app, check)).violations


async def test_files_as_they_were_stored_are_clean(bank: App) -> None:
    for number in range(3):
        await store(bank, CONTENT * (number + 1))
    found = await finding(bank)
    assert (found.looked_at, found.violations) == (3, [])


async def test_one_changed_byte_is_found_and_its_document_named(bank: App, folder: Path) -> None:
    document, _ = await store(bank), await store(bank)
    path = folder / document.path_in_storage
    path.write_bytes(CONTENT.replace(b"w", b"W"))
    (violation,) = await violations(bank)
    assert str(document.id) in violation
    assert f"kept is {len(CONTENT)} bytes of {document.sha256}" in violation
    path.write_bytes(CONTENT + b"!")
    (violation,) = await violations(bank)
    assert f"has {len(CONTENT) + 1} bytes" in violation


async def test_a_missing_file_is_found(bank: App, folder: Path) -> None:
    document, _ = await store(bank), await store(bank)
    (folder / document.path_in_storage).unlink()
    assert await violations(bank) == [f"document {document.id}: {document.path_in_storage} is missing"]


async def test_a_file_that_cannot_be_read_is_a_violation_and_the_others_are_read(
    bank: App, folder: Path
) -> None:
    document = await store(bank)
    changed = await store(bank)
    path = folder / document.path_in_storage
    path.unlink()
    path.mkdir()
    (folder / changed.path_in_storage).write_bytes(b"")
    found = await violations(bank)
    assert [str(each.id) in said for each, said in zip((document, changed), found, strict=True)] == [True] * 2


async def test_a_store_that_is_not_there_is_said_and_not_passed_over(bank: App, folder: Path) -> None:
    assert (await finding(bank)).clean
    document = await store(bank)
    away(folder)
    found = await finding(bank)
    assert found.looked_at == 0
    assert found.violations == [
        f"documents from {document.id} on could not be checked: {folder} is not there, or may not be read"
    ]
    assert not there(folder)


async def test_files_that_no_record_says_are_stored_are_no_finding(bank: App, folder: Path) -> None:
    stored, unfinished = await store(bank), await create(bank)
    await documents_of(bank).keep(unfinished, CONTENT)
    (folder / stored.path_in_storage).with_name(f"{uuid4()}.pdf").write_bytes(b"of nobody")
    found = await finding(bank)
    assert (found.looked_at, found.violations) == (1, [])


async def test_a_document_deleted_while_files_are_read_is_not_missed(
    bank: App, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = await store(bank)
    measure = type(bank.document_store).measure

    async def deleted_first(self: object, path: str) -> Kept:
        await bank.commands.run(SYSTEM, documents_of(bank).delete, document.id)
        (folder / path).unlink()
        return await measure(bank.document_store, path)

    monkeypatch.setattr(type(bank.document_store), "measure", deleted_first)
    assert await violations(bank) == []
    monkeypatch.undo()
    assert (await finding(bank)).looked_at == 0


async def test_pages_are_read_to_their_end_a_few_files_at_a_time(
    bank: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = [await store(bank) for _ in range(5)]
    most = under_way = 0

    class Store:
        async def measure(self, path: str) -> Kept:
            nonlocal most, under_way
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            under_way -= 1
            return Kept(0, "")

    monkeypatch.setattr(module, "AT_ONCE", 2)
    monkeypatch.setattr(module, "_STORED", module._STORED.replace("limit 1000", "limit 3"))
    monkeypatch.setattr(module, "SHOWN", 4)
    looked_at, violations = await module.check_files(bank.db, Store())  # pyright: ignore[reportArgumentType]
    assert (looked_at, len(violations), most) == (5, 4, 2)
    assert [str(document.id) in said for document, said in zip(documents[:4], violations, strict=True)] == [
        True
    ] * 4


# --- what was accepted ------------------------------------------------------------------------------------


async def accepted(app: App) -> Proposal:
    """By its customer, with a term sheet whose bytes lie in the store."""
    proposal = await Lender(app, await superuser_of(app)).propose(100_000)
    papers = app.credit.loan_documents
    document = await app.commands.run(SYSTEM, papers.create_term_sheet, proposal.id)
    kept = await papers.documents.keep(document, CONTENT)
    await app.commands.run(SYSTEM, papers.store_term_sheet, proposal.id, kept)
    me = Ctx(subject=Subject.customer(proposal.customer_id), request_id="test")
    return await app.commands.run(me, app.credit.proposals.accept, proposal.id, kept.sha256)


async def test_an_acceptance_of_the_document_s_hash_is_clean(bank: App) -> None:
    await accepted(bank)
    for check in (SHEETS, FILES):
        found = await finding(bank, check)
        assert (found.looked_at, found.violations) == (1, [])


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        ("'{evidence,sha256}', '\"00\"'", "its acceptance names document {0} with 00"),
        ("'{term_sheet,sha256}', '\"00\"'", "its term sheet names document {0} with 00"),
        ("'{evidence,document_id}', to_jsonb(gen_random_uuid())", "its own term sheet has none"),
    ],
)
async def test_an_acceptance_of_anything_else_is_found(bank: App, spoil: str, what: str) -> None:
    proposal = await accepted(bank)
    await bank.db.fetch(f"update credit_facility_proposals set state = jsonb_set(state, {spoil})")
    (violation,) = await violations(bank, SHEETS)
    assert violation.startswith(f"proposal {proposal.id}: ")
    assert what.format(proposal.id) in violation


async def test_a_document_whose_hash_was_rewritten_is_found_by_both(bank: App, folder: Path) -> None:
    proposal = await accepted(bank)
    await bank.db.fetch("update documents set state = jsonb_set(state, '{sha256}', '\"00\"')")
    assert len(await violations(bank, SHEETS)) == 2
    (violation,) = await violations(bank)
    assert str(proposal.id) in violation
    assert "kept is 24 bytes of 00" in violation
