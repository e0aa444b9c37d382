"""Oathkeeper's configuration and access rules. It swaps the realm's token for a short one of its own.

Exactly one rule may match a URL, so the panel's rule leaves out what begins like an API path. Oathkeeper
has no limit for bodies: the server checks sizes. In a rule's URL only what stands in <> is a regular
expression. `toJson` keeps a claim from breaking out of the template.
"""

from collections.abc import Iterator, Mapping, Sequence

from lana.up.gateway.table import Api, Json, Site, Table

ANY_PORT = "<(:[0-9]+)?>"
ISSUER = "lana.bank"
TOKEN_SECONDS = 60


def oathkeeper(table: Table, site: Site) -> dict[str, Json]:
    origins: list[Json] = [site.development_origin(api) for api in table.api] if site.development else []
    headers: list[Json] = [name.title() for name in table.allowed_headers]
    return {
        "serve": {
            "proxy": {
                "host": site.listen.host,
                "port": site.listen.port,
                "cors": {
                    "enabled": bool(origins),
                    "allowed_origins": origins,
                    "allowed_methods": ["GET", "POST"],
                    "allowed_headers": headers,
                    "exposed_headers": ["X-Request-Id"],
                    "allow_credentials": False,
                    "max_age": 600,
                },
                # event streams are cut at the write timeout; clients reconnect
                "timeout": {"read": "15s", "write": "3600s", "idle": "120s"},
            },
            "api": {"host": site.api.host, "port": site.api.port},
            "prometheus": {"host": site.metrics.host, "port": site.metrics.port},
        },
        "log": {"level": "warn", "format": "json", "leak_sensitive_values": False},
        "access_rules": {"matching_strategy": "regexp", "repositories": ["file://./rules.yml"]},
        "authenticators": {
            "noop": {"enabled": True},
            "jwt": {
                "enabled": True,
                "config": {
                    "jwks_urls": [site.keys_url(table.api[0])],
                    "allowed_algorithms": ["RS256"],
                    "jwks_ttl": "5m",
                    "jwks_max_wait": "2s",
                },
            },
        },
        "authorizers": {"allow": {"enabled": True}},
        "mutators": {
            "noop": {"enabled": True},
            "id_token": {
                "enabled": True,
                "config": {
                    "issuer_url": ISSUER,
                    "jwks_url": f"file://./{site.signing_keys}",
                    "ttl": f"{TOKEN_SECONDS}s",
                },
            },
        },
        "errors": {
            "fallback": ["json"],
            "handlers": {"json": {"enabled": True, "config": {"verbose": False}}},
        },
    }


def rules(table: Table, site: Site) -> list[Json]:
    return [rule for api in table.api for rule in _rules(table, site, api)]


def _rules(table: Table, site: Site, api: Api) -> Iterator[Json]:
    at_host = f"<https?>://{site.host(api)}{ANY_PORT}"
    by_path = f"<https?>://<localhost|127\\.0\\.0\\.1>{ANY_PORT}{api.path}"
    graphql = "/<" + "|".join(path.lstrip("/") for path in table.graphql_paths) + ">"
    upstream = site.places[api.upstream].url
    token = {"authenticators": [_realm_token(site, api)], "mutators": [_identity_token(api)]}
    yield _rule(f"{api.realm}-graphql-by-host", at_host + graphql, ["GET", "POST"], {"url": upstream}, token)
    yield _rule(
        f"{api.realm}-graphql-by-path", by_path + graphql, ["GET", "POST"],
        {"url": upstream, "strip_path": api.path}, token,
    )  # fmt: skip
    yield _rule(
        f"{api.realm}-health", f"{by_path}/health", ["GET"], {"url": upstream, "strip_path": api.path}
    )
    for route in api.open:
        name = route.prefix.strip("/")
        yield _rule(
            f"{api.realm}-{name}", f"{at_host}/{name}/<.+>", [route.method],
            {"url": upstream, "preserve_host": True},
        )  # fmt: skip
    if api.panel in site.places:
        reserved = "|".join(prefix.lstrip("/") for prefix in table.reserved_prefixes)
        exact = "|".join(f"{path.lstrip('/')}(?:/|$)" for path in table.reserved_paths)
        yield _rule(
            f"{api.realm}-panel", f"{at_host}/<(?!{reserved}|{exact}).*>",
            ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
            {"url": site.places[api.panel].url, "preserve_host": True},
        )  # fmt: skip


def _rule(
    name: str,
    url: str,
    methods: list[str],
    upstream: Mapping[str, Json],
    token: Mapping[str, Sequence[Json]] | None = None,
) -> Json:
    handlers: Mapping[str, Sequence[Json]] = token or {
        "authenticators": [{"handler": "noop"}],
        "mutators": [{"handler": "noop"}],
    }
    return {
        "id": name,
        "match": {"url": url, "methods": [*methods]},
        "upstream": upstream,
        "authenticators": handlers["authenticators"],
        "authorizer": {"handler": "allow"},
        "mutators": handlers["mutators"],
        "errors": [{"handler": "json"}],
    }


def _realm_token(site: Site, api: Api) -> Json:
    return {
        "handler": "jwt",
        "config": {
            "jwks_urls": [site.keys_url(api)],
            "trusted_issuers": [site.issuer(api)],
            "target_audience": [api.audience],
        },
    }


def _identity_token(api: Api) -> Json:
    """No lanaId on the account: an empty subject, which the server answers with 401."""
    claims = (
        f'{{"aud": ["{api.audience}"],\n'
        ' "subject": {{ .Extra.lanaId | default "" | toJson }},\n'
        ' "email": {{ .Extra.email | default "" | toJson }},\n'
        ' "auth_time": {{ .Extra.auth_time | default 0 | toJson }},\n'
        ' "acr": {{ .Extra.acr | default "" | toJson }}}\n'
    )
    return {"handler": "id_token", "config": {"claims": claims}}
