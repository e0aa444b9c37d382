"""Files of documents: whole or not there, the first stays, nothing outside the folder."""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path

import pytest

from lana.adapters.storage import LocalFiles, open_store
from lana.adapters.storage import store as module
from lana.core.document import DocumentMissing, DocumentNotStored, Kept, StoreUnreachable
from lana.lib.config import ConfigError
from lana.lib.config.model import GcpStorage, LocalStorage

PATH = "documents/term_sheet/018f0000-0000-7000-8000-000000000001.pdf"


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    return LocalFiles(tmp_path / "kept")


def everything(folder: Path) -> list[Path]:
    return list(folder.rglob("*"))


def staged(folder: Path) -> list[Path]:
    return list((folder / "kept" / "staging").glob("*"))


async def test_what_is_put_is_got_and_gone_once_deleted(files: LocalFiles) -> None:
    assert await files.put(PATH, b"content")
    assert await files.get(PATH) == b"content"
    await files.delete(PATH)
    await files.delete(PATH)
    with pytest.raises(DocumentMissing):
        await files.get(PATH)


async def test_what_is_there_is_measured_in_pieces(
    files: LocalFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bytes(range(256)) * 1000
    await files.put(PATH, content)
    monkeypatch.setattr(module, "PIECE", 1000)
    assert await files.measure(PATH) == Kept(256_000, hashlib.sha256(content).hexdigest())
    await files.delete(PATH)
    with pytest.raises(DocumentMissing):
        await files.measure(PATH)


async def test_measuring_tells_a_lost_folder_from_a_lost_file_and_makes_none(
    files: LocalFiles, tmp_path: Path
) -> None:
    with pytest.raises(StoreUnreachable, match="is not there, or may not be read"):
        await files.measure(PATH)
    assert everything(tmp_path) == []


async def test_the_first_to_be_put_stays(files: LocalFiles, tmp_path: Path) -> None:
    assert await files.put(PATH, b"first")
    assert not await files.put(PATH, b"second")
    assert await files.get(PATH) == b"first"
    assert staged(tmp_path) == []


async def test_of_many_at_once_one_is_kept_whole(files: LocalFiles, tmp_path: Path) -> None:
    contents = [bytes([number]) * 100_000 for number in range(20)]
    answers = await asyncio.gather(*(files.put(PATH, content) for content in contents))
    assert sum(answers) == 1
    assert await files.get(PATH) == contents[answers.index(True)]
    assert staged(tmp_path) == []


@pytest.mark.parametrize(
    "path",
    [
        "../x", "/etc/passwd", "documents/../x", "documents/a/../../x", "documents/a/..", "documents/a/.",
        "documents/a/.hidden", "documents//a", "documents/a", "documents/a/b/c", "documents/a/b\0.pdf",
        "documents/a/b.pdf/", "documents/a/b.pdf\n", "documents\\a\\b.pdf", "documents/a/%2e%2e", "staging/x", "",
        "Documents/a/b", "documents/a/" + "b" * 65,
    ],
)  # fmt: skip
async def test_no_other_path_is_read_or_written(files: LocalFiles, tmp_path: Path, path: str) -> None:
    (tmp_path / "kept").mkdir()
    before = everything(tmp_path)
    for attempt in (files.put(path, b"x"), files.get(path), files.measure(path), files.delete(path)):
        with pytest.raises(DocumentNotStored) as refused:
            await attempt
        assert not isinstance(refused.value, DocumentMissing)
    assert everything(tmp_path) == before


async def test_too_much_is_neither_put_nor_got(files: LocalFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    await files.put(PATH, b"x" * 11)
    monkeypatch.setattr(module, "LARGEST_BYTES", 10)
    with pytest.raises(DocumentNotStored, match="more than 10 bytes"):
        await files.get(PATH)
    with pytest.raises(DocumentNotStored, match="more than 10 bytes"):
        await files.measure(PATH)
    with pytest.raises(DocumentNotStored, match="more than 10 bytes"):
        await files.put(PATH.replace("1.pdf", "2.pdf"), b"x" * 11)


async def test_a_put_that_dies_before_its_name_leaves_no_document(
    files: LocalFiles, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(_: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_flush", full)
    with pytest.raises(DocumentNotStored, match="No space left"):
        await files.put(PATH, b"content")
    monkeypatch.undo()
    with pytest.raises(DocumentMissing):
        await files.get(PATH)
    assert staged(tmp_path) == []
    assert await files.put(PATH, b"content")


async def test_file_and_folders_are_flushed_before_it_counts_as_kept(
    files: LocalFiles, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    flushed: list[str] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        flushed.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    await files.put(PATH, b"content")
    root = tmp_path / "kept"
    assert flushed[0].startswith(f"{root}/staging/")
    assert flushed[1:] == [str(root), str(root / "documents"), str(root / "documents/term_sheet")]


def test_a_folder_is_made_with_its_first_document_only(tmp_path: Path) -> None:
    store = open_store(LocalStorage(), str(tmp_path / "home"))
    assert store.identifier == f"local:{tmp_path}/home/documents"
    assert everything(tmp_path) == []


def test_a_bucket_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"app\.storage\.provider gcp"):
        open_store(GcpStorage(bucket_name="b"), "home")
