"""Where documents are kept."""

from lana.adapters.storage.store import ObjectStore, open_store

__all__ = ["ObjectStore", "open_store"]
