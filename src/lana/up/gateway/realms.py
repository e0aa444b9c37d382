"""The Keycloak realms. One function makes both, so that they cannot drift apart.

Secrets are Keycloak's import placeholders (`${NAME}`), filled from its environment while it imports; the
files hold none. `defaultClientScopes` is left out on purpose, so that the realm's own defaults (`basic`:
sub and auth_time, `acr`, `email`) reach the token. The stock user profile demands first and last name,
and a user without them could not log in; hence a profile of our own.
"""

import json

from lana.up.gateway.table import Api, Json, Site, Table

ACCESS_TOKEN_SECONDS = 300
IDLE_SESSION_SECONDS = 1800
LONGEST_SESSION_SECONDS = 36_000
USER_RIGHTS: list[Json] = ["manage-users", "view-users", "query-users"]


def realms(table: Table, site: Site) -> dict[str, dict[str, Json]]:
    return {api.realm: realm(site, api) for api in table.api}


def realm(site: Site, api: Api) -> dict[str, Json]:
    return {
        "realm": api.realm,
        "displayName": api.display,
        "enabled": True,
        "sslRequired": "external",
        "registrationAllowed": False,
        "registrationEmailAsUsername": True,
        "loginWithEmailAllowed": True,
        "duplicateEmailsAllowed": False,
        "resetPasswordAllowed": False,
        "editUsernameAllowed": False,
        "verifyEmail": False,
        "bruteForceProtected": True,
        "failureFactor": 10,
        "defaultSignatureAlgorithm": "RS256",
        "accessTokenLifespan": ACCESS_TOKEN_SECONDS,
        "ssoSessionIdleTimeout": IDLE_SESSION_SECONDS,
        "ssoSessionMaxLifespan": LONGEST_SESSION_SECONDS,
        "eventsEnabled": True,
        "eventsListeners": ["jboss-logging"],
        "adminEventsEnabled": True,
        "components": {
            "org.keycloak.userprofile.UserProfileProvider": [
                {
                    "providerId": "declarative-user-profile",
                    "subComponents": {},
                    "config": {"kc.user.profile.config": [json.dumps(_user_profile())]},
                }
            ]
        },
        "clients": [browser_client(site, api), _service_client(api)],
        "users": [
            {
                "username": f"service-account-{api.service_client}",
                "enabled": True,
                "serviceAccountClientId": api.service_client,
                "clientRoles": {"realm-management": USER_RIGHTS},
            }
        ],
    }


def origins(site: Site, api: Api) -> list[str]:
    """Where a browser may come from: the gateway's host and, in development, the panel's own server."""
    if not site.development:
        return [f"https://{site.host(api)}"]
    return [f"http://{site.host(api)}:{site.listen.port}", site.development_origin(api)]


def browser_client(site: Site, api: Api) -> dict[str, Json]:
    allowed = origins(site, api)
    secret: dict[str, Json] = {}
    if not api.client_is_public:
        secret = {"clientAuthenticatorType": "client-secret", "secret": f"${{{api.client_secret}}}"}
    return {
        "clientId": api.client,
        "name": api.display,
        "enabled": True,
        "protocol": "openid-connect",
        "publicClient": api.client_is_public,
        **secret,
        "standardFlowEnabled": True,
        "implicitFlowEnabled": False,
        "directAccessGrantsEnabled": site.development,
        "serviceAccountsEnabled": False,
        # realm-management and account roles stay out of the token, which is for our API
        "fullScopeAllowed": False,
        "redirectUris": [f"{origin}/*" for origin in allowed],
        "webOrigins": [*allowed],
        "attributes": {
            "pkce.code.challenge.method": "S256",
            "post.logout.redirect.uris": "##".join(f"{origin}/*" for origin in allowed),
        },
        "protocolMappers": [_audience_mapper(api), _lana_id_mapper()],
    }


def _service_client(api: Api) -> Json:
    return {
        "clientId": api.service_client,
        "name": "Lana itself",
        "enabled": True,
        "protocol": "openid-connect",
        "publicClient": False,
        "clientAuthenticatorType": "client-secret",
        "secret": f"${{{api.service_secret}}}",
        "standardFlowEnabled": False,
        "directAccessGrantsEnabled": False,
        "serviceAccountsEnabled": True,
        "redirectUris": [],
        "webOrigins": [],
    }


def _audience_mapper(api: Api) -> Json:
    return {
        "name": "api-audience",
        "protocol": "openid-connect",
        "protocolMapper": "oidc-audience-mapper",
        "config": {
            "included.custom.audience": api.audience,
            "access.token.claim": "true",
            "id.token.claim": "false",
            "introspection.token.claim": "true",
        },
    }


def _lana_id_mapper() -> Json:
    return {
        "name": "lana-id",
        "protocol": "openid-connect",
        "protocolMapper": "oidc-usermodel-attribute-mapper",
        "config": {
            "user.attribute": "lanaId",
            "claim.name": "lanaId",
            "jsonType.label": "String",
            "access.token.claim": "true",
            "id.token.claim": "true",
            "userinfo.token.claim": "false",
        },
    }


def _user_profile() -> Json:
    both: Json = {"view": ["admin", "user"], "edit": ["admin", "user"]}
    name_checks: Json = {
        "length": {"min": 3, "max": 255},
        "username-prohibited-characters": {},
        "up-username-not-idn-homograph": {},
    }
    return {
        "attributes": [
            {
                "name": "username", "displayName": "${username}", "validations": name_checks,
                "permissions": both, "multivalued": False,
            },
            {
                "name": "email", "displayName": "${email}",
                "validations": {"email": {}, "length": {"max": 255}},
                "required": {"roles": ["user"]}, "permissions": both, "multivalued": False,
            },
            {
                "name": "lanaId", "displayName": "Lana id", "validations": {"length": {"max": 64}},
                "permissions": {"view": ["admin"], "edit": ["admin"]}, "multivalued": False,
            },
        ],
        "groups": [],
    }  # fmt: skip
