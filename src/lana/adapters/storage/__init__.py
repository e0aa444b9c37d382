"""Where documents are kept."""

from lana.adapters.storage.store import LocalFiles, open_store

__all__ = ["LocalFiles", "open_store"]
