"""Envoy's configuration. Envoy checks the realm's token and passes it on; it makes none of its own.

Why these settings: `from_headers` is named because Envoy otherwise takes a token from the query as well;
a good token for another audience is 403 to Envoy and is answered as one more 401; keys are fetched by
the clock and not on a new `kid`, hence the short `cache_duration`; escaped slashes are refused, so that
one path has one spelling.
"""

import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path

import certifi

from lana.up.gateway.table import Api, Json, Open, Place, Site, Table

TYPE = "type.googleapis.com/envoy.extensions."
JWT = "envoy.filters.http.jwt_authn"
CORS = "envoy.filters.http.cors"
BUFFER = "envoy.filters.http.buffer"
SECONDS_OF_CLOCK_SKEW = 1
OPEN: Mapping[str, Json] = {
    JWT: {"@type": f"{TYPE}filters.http.jwt_authn.v3.PerRouteConfig", "disabled": True}
}
NO_PANEL = "{} is not part of this installation yet. The API answers at /graphql."
REPLIES = {
    400: "Bad Request", 401: "Unauthorized", 403: "Unauthorized", 404: "Not Found",
    413: "Payload Too Large", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
}  # fmt: skip


def envoy(table: Table, site: Site) -> dict[str, Json]:
    listener: Json = {
        "name": "proxy",
        "address": _address(site.listen),
        "filter_chains": [
            {
                "filters": [
                    {
                        "name": "envoy.filters.network.http_connection_manager",
                        "typed_config": _connection_manager(table, site),
                    }
                ]
            }
        ],
    }
    clusters: list[Json] = [_cluster("keycloak", site.keycloak)]
    clusters += [_cluster(name, place) for name, place in site.places.items()]
    return {
        "admin": {"address": _address(site.api)},
        "static_resources": {"listeners": [listener], "clusters": clusters},
    }


def _connection_manager(table: Table, site: Site) -> Json:
    by_host: list[Json] = [
        {
            "name": site.host(api),
            "domains": [site.host(api)],
            "routes": [*_host_routes(table, site, api)],
        }
        for api in table.api
    ]
    by_path: Json = {
        "name": "by-path",
        "domains": ["localhost", "127.0.0.1"],
        "routes": [route for api in table.api for route in _path_routes(table, site, api)],
    }
    return {
        "@type": f"{TYPE}filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "gateway",
        "codec_type": "AUTO",
        "normalize_path": True,
        "merge_slashes": False,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "use_remote_address": True,
        "xff_num_trusted_hops": 0,
        "server_name": "gateway",
        "preserve_external_request_id": True,
        "always_set_request_id_in_response": True,
        "request_headers_timeout": "10s",
        "stream_idle_timeout": "300s",
        "local_reply_config": {"mappers": [_reply(status, text) for status, text in REPLIES.items()]},
        "route_config": {"virtual_hosts": [*by_host, by_path], "ignore_port_in_host_matching": True},
        "http_filters": _filters(table, site),
    }


def _filters(table: Table, site: Site) -> Json:
    return [
        {"name": CORS, "typed_config": {"@type": f"{TYPE}filters.http.cors.v3.Cors"}},
        {
            "name": JWT,
            "typed_config": {
                "@type": f"{TYPE}filters.http.jwt_authn.v3.JwtAuthentication",
                "providers": {api.realm: _provider(site, api) for api in table.api},
                "bypass_cors_preflight": True,
                "requirement_map": {api.realm: {"provider_name": api.realm} for api in table.api},
            },
        },
        {
            "name": BUFFER,
            "disabled": True,
            "typed_config": {
                "@type": f"{TYPE}filters.http.buffer.v3.Buffer",
                "max_request_bytes": max(o.max_bytes or 0 for api in table.api for o in api.open),
            },
        },
        {
            "name": "envoy.filters.http.router",
            "typed_config": {"@type": f"{TYPE}filters.http.router.v3.Router"},
        },
    ]


def _provider(site: Site, api: Api) -> Json:
    return {
        "issuer": site.issuer(api),
        "audiences": [api.audience],
        "forward": True,
        "require_expiration": True,
        "from_headers": [{"name": "Authorization", "value_prefix": "Bearer "}],
        "clock_skew_seconds": SECONDS_OF_CLOCK_SKEW,
        "remote_jwks": {
            "http_uri": {"uri": site.keys_url(api), "cluster": "keycloak", "timeout": "2s"},
            "cache_duration": "10s",
            "async_fetch": {},
        },
    }


def _host_routes(table: Table, site: Site, api: Api) -> Iterator[Json]:
    yield from _graphql_routes(table, site, api, "")
    for open_route in api.open:
        yield _open_route(api, open_route)
    for prefix in table.reserved_prefixes:
        yield _not_found({"prefix": prefix})
    for path in table.reserved_paths:
        yield _not_found({"path_separated_prefix": path})
    if api.panel in site.places:
        yield {
            "match": {"prefix": "/"},
            "route": {"cluster": api.panel, "timeout": "30s"},
            "typed_per_filter_config": OPEN,
        }
    else:
        yield _not_found({"prefix": "/"}, NO_PANEL.format(api.panel))


def _path_routes(table: Table, site: Site, api: Api) -> Iterator[Json]:
    yield from _graphql_routes(table, site, api, api.path)
    yield {
        "match": {"path": f"{api.path}/health"},
        "route": {"cluster": api.upstream, "prefix_rewrite": "/health"},
        "request_headers_to_remove": ["authorization"],
        "typed_per_filter_config": OPEN,
    }


def _graphql_routes(table: Table, site: Site, api: Api, base: str) -> Iterator[Json]:
    cors: Json = {
        "@type": f"{TYPE}filters.http.cors.v3.CorsPolicy",
        "allow_origin_string_match": [{"exact": site.development_origin(api)}] if site.development else [],
        "allow_methods": "GET, POST",
        "allow_headers": ", ".join(table.allowed_headers),
        "expose_headers": "x-request-id",
        "max_age": "600",
    }
    token: Json = {
        "@type": f"{TYPE}filters.http.jwt_authn.v3.PerRouteConfig",
        "requirement_name": api.realm,
    }
    for path in table.graphql_paths:
        streams = path.endswith("/stream")
        yield {
            "match": {"path": base + path, "headers": _methods("GET|POST|OPTIONS")},
            "route": {
                "cluster": api.upstream,
                "prefix_rewrite": path,
                "timeout": "0s" if streams else "30s",
                "idle_timeout": "0s" if streams else "60s",
            },
            "typed_per_filter_config": {CORS: cors, JWT: token},
        }


def _open_route(api: Api, route: Open) -> Json:
    filters = dict(OPEN)
    if route.max_bytes is not None:
        filters[BUFFER] = {
            "@type": f"{TYPE}filters.http.buffer.v3.BufferPerRoute",
            "buffer": {"max_request_bytes": route.max_bytes},
        }
    return {
        "match": {"prefix": route.prefix, "headers": _methods(route.method)},
        "route": {"cluster": api.upstream, "timeout": "30s"},
        "typed_per_filter_config": filters,
    }


def _not_found(match: Mapping[str, Json], sentence: str = "There is nothing at this address.") -> Json:
    return {
        "match": match,
        "direct_response": {"status": 404, "body": {"inline_string": sentence}},
        "typed_per_filter_config": OPEN,
    }


def _reply(status: int, text: str) -> Json:
    format_: Json = {
        "json_format": {
            "error": {"code": "%RESPONSE_CODE%", "status": text, "message": "%LOCAL_REPLY_BODY%"}
        },
        "content_type": "application/json",
    }
    equal: Json = {"op": "EQ", "value": {"default_value": status, "runtime_key": f"reply_{status}"}}
    return {
        "filter": {"status_code_filter": {"comparison": equal}},
        "body_format_override": format_,
        **({"status_code": 401} if status == 403 else {}),
    }


def _methods(regex: str) -> list[Json]:
    return [{"name": ":method", "string_match": {"safe_regex": {"regex": regex}}}]


def _cluster(name: str, place: Place) -> Json:
    numeric = place.host.replace(".", "").isdigit()
    tls: dict[str, Json] = {}
    if place.tls:
        tls["transport_socket"] = {
            "name": "envoy.transport_sockets.tls",
            "typed_config": {
                "@type": f"{TYPE}transport_sockets.tls.v3.UpstreamTlsContext",
                "sni": place.host,
                "common_tls_context": {
                    "validation_context": {
                        "trusted_ca": {"filename": _authorities()},
                        "match_typed_subject_alt_names": [
                            {"san_type": "DNS", "matcher": {"exact": place.host}},
                        ],
                    }
                },
            },
        }
    return {
        "name": name,
        "type": "STATIC" if numeric else "STRICT_DNS",
        **({} if numeric else {"dns_lookup_family": "V4_PREFERRED"}),
        "connect_timeout": "2s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(place)}}]}],
        },
        **tls,
    }


def _authorities() -> str:
    """Whom a certificate must be from: SSL_CERT_FILE, the system's, else the list that Python brings."""
    known = ssl.get_default_verify_paths().cafile
    return known if known and Path(known).exists() else certifi.where()


def _address(place: Place) -> Json:
    return {"socket_address": {"address": place.host, "port_value": place.port}}
