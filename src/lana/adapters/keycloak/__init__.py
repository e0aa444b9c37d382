"""Logins of one Keycloak realm, over its admin REST API."""

from lana.adapters.keycloak.admin import KeycloakAdmin
from lana.adapters.keycloak.errors import EmailTaken, KeycloakError, MultipleUsersFound, UserNotFound

__all__ = ["EmailTaken", "KeycloakAdmin", "KeycloakError", "MultipleUsersFound", "UserNotFound"]
