"""Documents in a folder of a local disk, through obstore.

Guarantees: nobody reads half of a file, the first one put under a path stays, and on a disk it is there for
good once `put` returns. For this a file is written aside (`staging/`), flushed, and linked to its name, which
fails when the name is taken; then the folder is flushed. A process that dies on the way leaves at most a file
in `staging/`, which nobody reads.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore

from lana.core.document import (
    LARGEST_BYTES,
    DocumentMissing,
    DocumentNotStored,
    Kept,
    StoreUnreachable,
    is_path,
)
from lana.lib.config import ConfigError
from lana.lib.config.model import GcpStorage, LocalStorage

if TYPE_CHECKING:
    from obstore import GetResult

PIECE: Final = 1024 * 1024
FAULTS: Final = (BaseError, OSError, ValueError)


class LocalFiles:
    """Its folder is made when the first document comes: who never stores one needs no disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.identifier = f"local:{folder}"

    @cached_property
    def _store(self) -> LocalStore:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return LocalStore(self._folder)

    async def put(self, path: str, content: bytes) -> bool:
        _check(path)
        if len(content) > LARGEST_BYTES:
            raise DocumentNotStored(f"{path} has more than {LARGEST_BYTES} bytes")
        try:
            return await self._put(path, content)
        except FAULTS as error:
            raise DocumentNotStored(f"{path}: {error}") from error

    async def _put(self, path: str, content: bytes) -> bool:
        staged = f"staging/{uuid4().hex}"
        try:
            await obstore.put_async(self._store, staged, content)
            await asyncio.to_thread(_flush, self._folder / staged)
            await obstore.rename_async(self._store, staged, path, overwrite=False)
        except AlreadyExistsError:
            return False
        finally:
            with suppress(FileNotFoundError):
                await obstore.delete_async(self._store, staged)
            # also after another's put, which may have died before it came to this
            await asyncio.to_thread(_flush_folders, self._folder, path)
        return True

    async def get(self, path: str) -> bytes:
        async with self._opened(path) as found:
            return bytes(await found.bytes_async())

    async def measure(self, path: str) -> Kept:
        if not os.access(self._folder, os.R_OK | os.X_OK):
            raise StoreUnreachable(f"{self._folder} is not there, or may not be read")
        size, digest = 0, hashlib.sha256()
        async with self._opened(path) as found:
            async for piece in found.stream(min_chunk_size=PIECE):
                size += len(piece)
                digest.update(piece)
        return Kept(size, digest.hexdigest())

    @asynccontextmanager
    async def _opened(self, path: str) -> AsyncGenerator[GetResult]:
        _check(path)
        try:
            found = await obstore.get_async(self._store, path)
            if found.meta["size"] > LARGEST_BYTES:
                raise DocumentNotStored(f"{path} has more than {LARGEST_BYTES} bytes")
            yield found
        except FileNotFoundError as error:
            raise DocumentMissing(path) from error
        except FAULTS as error:
            raise DocumentNotStored(f"{path}: {error}") from error

    async def delete(self, path: str) -> None:
        _check(path)
        try:
            await obstore.delete_async(self._store, path)
        except FileNotFoundError:
            return
        except FAULTS as error:
            raise DocumentNotStored(f"{path}: {error}") from error


def open_store(config: LocalStorage | GcpStorage, home: str) -> LocalFiles:
    """As configured; without a folder it is `documents` in the bank's home. ConfigError for a bucket."""
    if isinstance(config, GcpStorage):
        raise ConfigError(["app.storage.provider gcp: documents are kept on a local disk (local) only"])
    return LocalFiles(Path(config.root_folder or Path(home) / "documents").resolve())


def _check(path: str) -> None:
    if not is_path(path):
        raise DocumentNotStored(f"{path!r} is no path of a document")


def _flush_folders(folder: Path, path: str) -> None:
    """Each folder down to the file's, as they may be new."""
    for at in reversed((folder / path).parents):
        if at.is_relative_to(folder) and at.is_dir():
            _flush(at)


def _flush(at: Path) -> None:
    descriptor = os.open(at, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
