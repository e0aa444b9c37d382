"""From file, `--set` and environment to one `Config`, or every problem at once.

Order: defaults, file, `--set`, validation; then secrets from the environment, flags before variables. A key
given twice in the file, an unknown key, a wrong type: each is a sentence with the key's full name.
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import cast

import msgspec
import yaml

from lana.lib.config.errors import ConfigError
from lana.lib.config.keys import unknown_keys
from lana.lib.config.model import Config
from lana.lib.config.secrets import VARIABLES, Secrets

DEFAULT_FILE = "lana.yml"
OVERRIDE_PREFIX = "LANA_DOMAIN_CONFIG_"
MAX_FILE_BYTES = 1_048_576

Document = dict[str, object]


class _Loader(yaml.SafeLoader):
    """YAML in which a key may be given once only, and a time stays a text."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Hashable, object]:
    seen: dict[Hashable, object] = {}
    for key_node, value_node in node.value:
        key = cast("Hashable", loader.construct_object(key_node, deep=True))  # pyright: ignore[reportUnknownMemberType]
        if key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"key `{key}` is given twice", key_node.start_mark
            )
        seen[key] = cast("object", loader.construct_object(value_node, deep=True))  # pyright: ignore[reportUnknownMemberType]
    return seen


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse_yaml(text: str, origin: str) -> object:
    """A YAML document. `ConfigError` naming origin and line."""
    try:
        return cast("object", yaml.load(text, Loader=_Loader))  # noqa: S506 - a subclass of SafeLoader
    except yaml.YAMLError as error:
        raise ConfigError([f"{origin}: {' '.join(str(error).split())}"]) from error


def read_document(path: Path, *, required: bool) -> Document:
    """The file's keys; nothing when there is no file and none was asked for by name."""
    if not path.exists() and not required:
        return {}
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigError([f"{path} is larger than {MAX_FILE_BYTES} bytes: is it a configuration file?"])
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"configuration file {path} cannot be read: {error}"]) from error
    document = parse_yaml(text, str(path))
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ConfigError([f"{path} is no mapping of keys to values"])
    return cast("Document", document)


def apply_set(document: Document, assignment: str) -> None:
    """`--set a.b=c`: the value is parsed as YAML. `ConfigError`."""
    key, equals, text = assignment.partition("=")
    parts = key.strip().split(".")
    if not equals or not all(parts):
        raise ConfigError([f"--set {assignment}: write KEY=VALUE, e.g. --set db.pool_size=5"])
    target = document
    for depth, part in enumerate(parts[:-1], start=1):
        inner = target.setdefault(part, {})
        if not isinstance(inner, dict):
            raise ConfigError(
                [f"--set {assignment}: `{'.'.join(parts[:depth])}` is a value, not a group of keys"]
            )
        target = cast("Document", inner)
    target[parts[-1]] = parse_yaml(text, f"--set {key}")


def to_config(document: Document) -> Config:
    """Validate. `ConfigError` with every unknown key, else with the first wrong value."""
    given = dict(document)
    if isinstance(given.get("time"), str):
        given["time"] = {"mode": given["time"]}
    problems = unknown_keys(given)
    if problems:
        raise ConfigError(problems)
    try:
        return msgspec.convert(_without_empty_groups(given), Config)
    except msgspec.ValidationError as error:
        raise ConfigError([_plain(str(error))]) from error


def _without_empty_groups(document: Document) -> Document:
    """`app:` with nothing under it is an empty group, not null."""
    return {key: value for key, value in document.items() if value is not None}


def _plain(message: str) -> str:
    """`Expected int, got str - at `$.db.pool_size`` → the key first."""
    text, _, place = message.partition(" - at `$.")
    return f"`{place.rstrip('`')}`: {text}" if place else text


def read_secrets(environ: Mapping[str, str], flags: Mapping[str, str | None]) -> Secrets:
    """Flags before variables before defaults."""
    chosen = {name: flags.get(name) or environ.get(variable) for name, variable in VARIABLES.items()}
    return Secrets(**{name: value for name, value in chosen.items() if value})


def read_config(
    path: Path | None = None,
    settings: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, str | None] | None = None,
) -> Config:
    """The effective configuration; `ConfigError` otherwise. A file named on purpose must exist."""
    env = os.environ if environ is None else environ
    given = flags or {}
    named = path or (Path(env["LANA_CONFIG"]) if env.get("LANA_CONFIG") else None)
    document = read_document(named or Path(DEFAULT_FILE), required=named is not None)
    for assignment in settings:
        apply_set(document, assignment)
    config = to_config(document)
    home = given.get("lana_home") or env.get("LANA_HOME") or config.lana_home
    return msgspec.structs.replace(config, secrets=read_secrets(env, given), lana_home=home)


def domain_config_overrides(environ: Mapping[str, str]) -> list[tuple[str, object]]:
    """`LANA_DOMAIN_CONFIG_<KEY>` in sorted order: (key, value), the value as JSON if it is JSON, else as
    text.
    """
    found: list[tuple[str, object]] = []
    for name in sorted(environ):
        if not name.startswith(OVERRIDE_PREFIX):
            continue
        key = name.removeprefix(OVERRIDE_PREFIX).lower().replace("_", "-")
        try:
            value = cast("object", msgspec.json.decode(environ[name]))
        except msgspec.DecodeError:
            value = environ[name]
        found.append((key, value))
    return found
