"""Documents with a store: kept, found, archived, deleted; the hash is always that of the file."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from lana.adapters.storage import LocalFiles
from lana.core.document import Document, DocumentKind, Documents, DocumentStatus, Kept, Links, RemoveFile
from lana.core.document.jobs import REMOVE_FILE
from lana.lib.authz import Ctx
from lana.lib.es.commands import Commands
from lana.lib.es.op import Op
from lana.lib.jobs import JobRunner
from lana.lib.pg.database import Database
from tests.support.waiting import eventually

SYSTEM = Ctx.system("test")
KIND = DocumentKind.CREDIT_FACILITY_AGREEMENT


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    return LocalFiles(tmp_path)


@pytest.fixture
def documents(db: Database, files: LocalFiles) -> Documents:
    return Documents(db, files, Links("http://a", "http://c", "secret", lambda: datetime.now(UTC)))


async def create(documents: Documents, commands: Commands, reference_id: UUID) -> Document:
    async def verb(op: Op) -> Document:
        return documents.create(op, KIND, reference_id, "an agreement.pdf")

    return await commands.run(SYSTEM, verb)


async def store(documents: Documents, commands: Commands, content: bytes) -> Document:
    document = await create(documents, commands, uuid4())
    kept = await documents.keep(document, content)
    return await commands.run(SYSTEM, documents.mark_stored, document.id, kept)


async def test_a_document_is_created_kept_and_found_by_what_it_is_about(
    documents: Documents, commands: Commands
) -> None:
    customer = uuid4()
    made = [await create(documents, commands, customer) for _ in range(3)]
    await create(documents, commands, uuid4())
    kept = await documents.keep(made[0], b"content")
    assert kept == Kept(7, hashlib.sha256(b"content").hexdigest())
    await commands.run(SYSTEM, documents.mark_stored, made[0].id, kept)
    other = uuid4()
    of_all = await documents.of_references([customer, other])
    assert of_all[other] == []
    found = of_all[customer]
    assert {document.id for document in found} == {document.id for document in made}
    (stored,) = [document for document in found if document.status is DocumentStatus.ACTIVE]
    assert (stored.filename, stored.sha256, stored.size) == ("an-agreement-pdf", kept.sha256, 7)
    assert stored.path_in_storage == f"documents/credit_facility_agreement/{stored.id}.pdf"


async def test_two_who_keep_one_document_are_told_the_hash_of_what_lies_there(
    documents: Documents, commands: Commands, files: LocalFiles
) -> None:
    document = await create(documents, commands, uuid4())
    contents = [f"content {number}".encode() for number in range(10)]
    kept = await asyncio.gather(*(documents.keep(document, content) for content in contents))
    there = await files.get(document.path_in_storage)
    assert {each.sha256 for each in kept} == {hashlib.sha256(there).hexdigest()}


async def test_marking_twice_changes_nothing(documents: Documents, commands: Commands) -> None:
    document = await store(documents, commands, b"content")
    again = await commands.run(SYSTEM, documents.mark_stored, document.id, Kept(1, "00" * 32))
    assert (again.sha256, again.version) == (document.sha256, document.version)


async def test_create_once_goes_on_with_what_is_there(documents: Documents, commands: Commands) -> None:
    document_id = uuid4()
    about = (document_id, KIND, uuid4(), "x.pdf")
    first, second = await asyncio.gather(
        *(commands.run(SYSTEM, documents.create_once, *about) for _ in range(2))
    )
    assert (first.id, first.version) == (second.id, second.version) == (document_id, 1)


async def test_every_link_given_out_is_remembered(documents: Documents, commands: Commands) -> None:
    document = await store(documents, commands, b"content")

    async def verb(op: Op) -> str:
        return await documents.issue_link(op, await op.find(documents.repo, document.id))

    assert (await commands.run(SYSTEM, verb)).startswith("http://a/local-storage/")
    history = await documents.repo.events(document.id, limit=5)
    assert [event.event_type for event in history] == [
        "download_link_generated", "file_uploaded", "initialized",
    ]  # fmt: skip


async def test_a_deleted_document_is_found_by_nobody_and_its_file_goes(
    documents: Documents, commands: Commands, files: LocalFiles, db: Database, tmp_path: Path
) -> None:
    document = await store(documents, commands, b"content")
    await commands.run(SYSTEM, documents.archive, document.id)
    await commands.run(SYSTEM, documents.delete, document.id)
    await commands.run(SYSTEM, documents.delete, document.id)
    assert await documents.peek(document.id) is None
    assert await documents.of_references([document.reference_id]) == {document.reference_id: []}
    (job,) = await db.fetch("select task_name, args from procrastinate_jobs")
    assert job[0] == REMOVE_FILE
    running = asyncio.create_task(JobRunner(db, [RemoveFile(documents)]).run())
    try:
        await eventually(lambda: not (tmp_path / document.path_in_storage).exists(), 10)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_bytes_that_come_after_the_end_are_taken_away_again(
    documents: Documents, commands: Commands, files: LocalFiles, tmp_path: Path
) -> None:
    document = await create(documents, commands, uuid4())
    await commands.run(SYSTEM, documents.delete, document.id)
    kept = await documents.keep(document, b"late")
    found = await commands.run(SYSTEM, documents.mark_stored, document.id, kept)
    assert (found.is_stored, found.status) == (False, DocumentStatus.DELETED)
    await RemoveFile(documents).run({"document_id": str(document.id)})
    assert not (tmp_path / document.path_in_storage).exists()


async def test_the_file_of_a_living_document_is_never_removed(
    documents: Documents, commands: Commands, tmp_path: Path
) -> None:
    document = await store(documents, commands, b"content")
    await RemoveFile(documents).run({"document_id": str(document.id)})
    assert (tmp_path / document.path_in_storage).read_bytes() == b"content"


async def test_documents_of_a_customer_are_found_by_an_index(documents: Documents, db: Database) -> None:
    plan = await db.fetch(
        "select indexdef from pg_indexes where tablename = 'documents' and indexname = 'documents_reference'"
    )
    assert "(reference_id, created_at, id)" in plan[0][0]
