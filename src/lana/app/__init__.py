"""The composition root: everything of the bank wired together, once per process."""

from lana.app.app import App
from lana.app.opening import open_app

__all__ = ["App", "open_app"]
