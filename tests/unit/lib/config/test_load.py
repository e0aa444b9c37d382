from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from lana.lib.config import (
    Config,
    ConfigError,
    TimeMode,
    default_yaml,
    domain_config_overrides,
    read_config,
    to_yaml,
)
from lana.lib.config.keys import leaves
from lana.lib.config.load import to_config

SECRET = "do-not-show-this"


def read(tmp_path: Path, text: str = "", *settings: str, **environ: str) -> Config:
    path = tmp_path / "lana.yml"
    path.write_text(text)
    return read_config(path, settings, environ)


def problems(tmp_path: Path, text: str, *settings: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text, *settings)
    return caught.value.problems


def test_file_may_be_empty_or_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert read(tmp_path / ".", "") == read_config(None, (), {})
    assert read(tmp_path).admin_server.port == 5253
    assert read(tmp_path).customer_server.aud == "https://customer-api/graphql"


def test_file_named_on_purpose_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yml cannot be read"):
        read_config(tmp_path / "nowhere.yml", (), {})
    with pytest.raises(ConfigError, match=r"nowhere\.yml cannot be read"):
        read_config(None, (), {"LANA_CONFIG": str(tmp_path / "nowhere.yml")})


def test_unknown_key_is_named_with_its_nearest_neighbour(tmp_path: Path) -> None:
    assert problems(tmp_path, "admin_server: {prot: 1}\ndb: {pool: 2}\nfoo: 1\n") == (
        "unknown key `admin_server.prot`: did you mean `admin_server.port`?",
        "unknown key `db.pool`: did you mean `db.pool_size`?",
        "unknown key `foo`: keys there are admin_server, allow_unsigned_webhooks, app, bootstrap, customer_server,"
        " db, graphql, log, time, tracing, worker",
    )


def test_unknown_key_is_found_in_lists_and_in_the_chosen_kind_of_storage(tmp_path: Path) -> None:
    trust = "{issuer: i, jwks_url: 'http://x', audience: a, algorithms: [ES256], subject_claim: s, clock: 1}"
    assert problems(tmp_path, f"admin_server: {{trust: [{trust}]}}")[0].startswith(
        "unknown key `admin_server.trust[0].clock`"
    )
    assert problems(tmp_path, "app: {storage: {provider: gcp, bucket: x}}") == (
        "unknown key `app.storage.bucket`: did you mean `app.storage.bucket_name`?",
    )


@pytest.mark.parametrize("key", ["secrets", "lana_home", "app.encryption.key"])
def test_secrets_and_home_are_no_keys_of_the_file(tmp_path: Path, key: str) -> None:
    assert problems(tmp_path, "", f"{key}=x")[0].startswith(f"unknown key `{key}`")


def test_unknown_keys_pass_in_job_poller_and_bootstrap_only(tmp_path: Path) -> None:
    config = read(tmp_path, "app: {job_poller: {extra: 1}}\nbootstrap: {extra: 2, active: true}\n")
    assert config.bootstrap.active


def test_wrong_value_is_named_by_its_key(tmp_path: Path) -> None:
    assert problems(tmp_path, "db: {pool_size: many}") == ("`db.pool_size`: Expected `int`, got `str`",)


@pytest.mark.parametrize(
    ("assignment", "fragment"),
    [
        ("db.pool_size=0", "`db.pool_size`"),
        ("admin_server.port=70000", "`admin_server.port`"),
        ("graphql.depth_limit=29", "`graphql.depth_limit`"),
        ("time.start_at=2026-01-01T00:00:00Z", "start_at needs mode manual"),
        ("admin_server.cors_origins=['*']", "exact origins"),
        ("app.access.superuser_email=nobody", "no e-mail address"),
        ("app.job_poller.min_jobs_per_process=51", "above max_jobs_per_process"),
        ("time=sometimes", "`time.mode`"),
    ],
)
def test_value_that_makes_no_sense_is_refused(tmp_path: Path, assignment: str, fragment: str) -> None:
    assert fragment in problems(tmp_path, "", assignment)[0]


@pytest.mark.parametrize("assignment", ["novalue", "=1", "a..b=1", ".a=1"])
def test_set_needs_a_key_and_a_value(tmp_path: Path, assignment: str) -> None:
    assert "write KEY=VALUE" in problems(tmp_path, "", assignment)[0]


def test_set_cannot_go_below_a_value(tmp_path: Path) -> None:
    assert (
        "`allow_unsigned_webhooks` is a value"
        in problems(tmp_path, "allow_unsigned_webhooks: true", "allow_unsigned_webhooks.x=1")[0]
    )


def test_set_comes_after_the_file_and_is_parsed_as_yaml(tmp_path: Path) -> None:
    config = read(tmp_path, "db: {pool_size: 3}", "db.pool_size=7", "allow_unsigned_webhooks=true")
    assert (config.db.pool_size, config.allow_unsigned_webhooks) == (7, True)


def test_key_given_twice_is_refused(tmp_path: Path) -> None:
    assert "key `db` is given twice" in problems(tmp_path, "db: {}\ndb: {}\n")[0]


def test_broken_yaml_names_file_and_line(tmp_path: Path) -> None:
    assert "line 1" in problems(tmp_path, "a: [1")[0] or "line 2" in problems(tmp_path, "a: [1")[0]


def test_manual_time_by_word_or_with_its_start(tmp_path: Path) -> None:
    assert read(tmp_path, "time: manual").time.mode is TimeMode.MANUAL
    start = read(tmp_path, "time: {mode: manual, start_at: 2026-01-01T00:00:00Z}").time.start_at
    assert start == datetime(2026, 1, 1, tzinfo=UTC)


def test_without_a_trust_list_the_gateways_token_alone_is_believed(tmp_path: Path) -> None:
    (trust,) = read(tmp_path).admin_server.trusted()
    assert (trust.issuer, trust.algorithms, trust.subject_claim) == ("lana.bank", ("ES256",), "subject")
    assert trust.audience == "https://admin-api/graphql"


def test_trust_list_replaces_the_gateways_entry(tmp_path: Path) -> None:
    realm = "{issuer: i, jwks_url: 'http://x', audience: a, algorithms: [RS256], subject_claim: lanaId}"
    config = read(tmp_path, f"customer_server: {{trust: [{realm}]}}")
    assert [entry.issuer for entry in config.customer_server.trusted()] == ["i"]


def test_trust_list_with_a_symmetric_algorithm_is_refused(tmp_path: Path) -> None:
    realm = "{issuer: i, jwks_url: 'http://x', audience: a, algorithms: [HS256], subject_claim: lanaId}"
    assert "choose some of" in problems(tmp_path, f"customer_server: {{trust: [{realm}]}}")[0]


def test_secrets_come_from_flags_before_the_environment(tmp_path: Path) -> None:
    config = read_config(write(tmp_path), (), {"PG_CON": "env", "SMTP_PASSWORD": "p"}, {"pg_con": "flag"})
    assert (config.secrets.pg_con, config.secrets.smtp_password) == ("flag", "p")
    assert config.secrets.keycloak_admin_client_secret == "secret"


def write(tmp_path: Path) -> Path:
    path = tmp_path / "lana.yml"
    path.write_text("")
    return path


def test_secrets_show_in_no_repr_and_no_dump(tmp_path: Path) -> None:
    config = read(tmp_path, "", ENCRYPTION_KEY=SECRET, PG_CON=SECRET, SMTP_PASSWORD=SECRET)
    assert config.secrets.encryption_key == SECRET
    assert SECRET not in repr(config) + str(config) + to_yaml(config)


def test_default_dump_is_the_empty_file(tmp_path: Path) -> None:
    assert to_config(yaml.safe_load(default_yaml())) == Config()
    assert read(tmp_path, default_yaml()) == Config()


def test_every_key_of_the_dump_is_known_to_the_reference() -> None:
    listed = {name for name, _, _ in leaves()}
    assert {"db.pool_size", "app.storage.provider", "app.storage.bucket_name", "time.start_at"} <= listed
    assert not any(name.startswith("secrets") for name in listed)


def test_overrides_are_json_or_text_in_sorted_order() -> None:
    environ = {
        "LANA_DOMAIN_CONFIG_TIMEZONE": "America/New_York",
        "LANA_DOMAIN_CONFIG_CLOSING_TIME": "18:00:00",
        "LANA_DOMAIN_CONFIG_SUMSUB_API_KEY": "12345",
        "LANA_DOMAIN_CONFIG_SUMSUB_API_SECRET": '"12345"',
        "OTHER": "x",
    }
    assert domain_config_overrides(environ) == [
        ("closing-time", "18:00:00"),
        ("sumsub-api-key", 12345),
        ("sumsub-api-secret", "12345"),
        ("timezone", "America/New_York"),
    ]
