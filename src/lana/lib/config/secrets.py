"""What comes from the environment or a flag and never from the file, nor into a dump or a log."""

from __future__ import annotations

import msgspec

DEVELOPMENT_SIGNING_SECRET = "development-only-signing-secret"  # noqa: S105 - a default that says so


class Secrets(msgspec.Struct, frozen=True, kw_only=True):
    """Empty texts mean "not given"."""

    pg_con: str = ""
    encryption_key: str = ""
    deprecated_encryption_key: str = ""
    smtp_username: str = ""
    smtp_password: str = ""
    keycloak_admin_client_secret: str = "secret"  # noqa: S105 - the realms' development default
    keycloak_customer_client_secret: str = "secret"  # noqa: S105 - the realms' development default
    storage_signing_secret: str = DEVELOPMENT_SIGNING_SECRET

    def __repr__(self) -> str:
        return "Secrets(…)"

    __str__ = __repr__


# field → environment variable
VARIABLES: dict[str, str] = {name: name.upper() for name in Secrets.__struct_fields__}
