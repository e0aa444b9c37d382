"""Oathkeeper's private signing key set: one ES256 key, made once."""

import json
import os
import secrets
from pathlib import Path

from joserfc.jwk import ECKey


def write_signing_keys(file: Path) -> None:
    if file.exists():
        return
    key = ECKey.generate_key("P-256", {"kid": secrets.token_hex(8), "use": "sig", "alg": "ES256"})
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump({"keys": [key.as_dict(private=True)]}, out)
