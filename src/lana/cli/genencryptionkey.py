"""`lana-cli genencryptionkey`"""

from __future__ import annotations

from lana.cli.output import say
from lana.lib.crypto import EncryptionKey


def genencryptionkey() -> None:
    """Print a fresh encryption key, 64 hex characters.

    Example:

      ENCRYPTION_KEY=$(lana-cli genencryptionkey)
    """
    say(EncryptionKey.generate())
