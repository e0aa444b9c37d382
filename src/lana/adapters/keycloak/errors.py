"""What can go wrong with Keycloak. All are faults: the job that met one is tried again, and shown when it
gives up.
"""

from __future__ import annotations


class KeycloakError(Exception):
    """Keycloak refused or could not be reached. The text never holds a secret."""


class UserNotFound(KeycloakError):
    """No account has this lanaId."""


class MultipleUsersFound(KeycloakError):
    """Several accounts have the same lanaId: somebody must choose by hand."""


class EmailTaken(KeycloakError):
    """Another account, of another lanaId, has this e-mail."""
