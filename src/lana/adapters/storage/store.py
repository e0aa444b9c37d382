"""Documents on a disk or in a bucket, through obstore. A local file is written aside and renamed, so nobody
reads half of one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import obstore
from obstore.exceptions import BaseError
from obstore.store import GCSStore, LocalStore

from lana.core.document import DocumentNotStored
from lana.lib.config.model import GcpStorage, LocalStorage

MAX_BYTES: Final = 20 * 1024 * 1024


class ObjectStore:
    def __init__(self, store: LocalStore | GCSStore) -> None:
        self._store = store

    async def put(self, path: str, content: bytes) -> None:
        if len(content) > MAX_BYTES:
            raise DocumentNotStored(f"{path} has more than {MAX_BYTES} bytes")
        try:
            await obstore.put_async(self._store, path, content)
        except (BaseError, OSError) as error:
            raise DocumentNotStored(f"{path}: {error}") from error

    async def get(self, path: str) -> bytes:
        try:
            found = await obstore.get_async(self._store, path)
            return bytes(await found.bytes_async())
        except (BaseError, OSError) as error:
            raise DocumentNotStored(f"{path}: {error}") from error


def open_store(config: LocalStorage | GcpStorage, home: str) -> ObjectStore:
    """As configured; a local one without a folder is `documents` in the bank's home."""
    if isinstance(config, GcpStorage):
        return ObjectStore(GCSStore(config.bucket_name))
    folder = Path(config.root_folder or Path(home) / "documents").resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return ObjectStore(LocalStore(folder))
