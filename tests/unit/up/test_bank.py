"""What the bank's processes are told."""

from __future__ import annotations

import stat
from pathlib import Path

import msgspec
import pytest
import yaml

from lana.lib.authn import Trust
from lana.lib.config.load import to_config
from lana.up.bank import lana_yml
from lana.up.config import read_config
from lana.up.gateway.table import read_table
from lana.up.home import Home


@pytest.mark.parametrize("oathkeeper", [True, False])
@pytest.mark.parametrize("api", ["admin", "customer"])
def test_each_api_believes_one_issuer_or_the_gateway_could_be_passed_by(
    tmp_path: Path, api: str, oathkeeper: bool
) -> None:
    config = read_config({}, checkout=tmp_path)
    written = yaml.safe_load(lana_yml(config, read_table(), oathkeeper=oathkeeper))
    trust = [msgspec.convert(entry, Trust) for entry in written[f"{api}_server"]["trust"]]
    assert len(trust) == 1
    assert trust[0].audience == f"https://{api}-api/graphql"
    assert trust[0].issuer == ("lana.bank" if oathkeeper else f"http://localhost:8081/realms/{api}")
    assert trust[0].subject_claim == ("subject" if oathkeeper else "lanaId")


@pytest.mark.parametrize("settings", [{}, {"LANA_TIME": "manual", "LANA_START_AT": "2026-01-01T00:00:00Z"}])
def test_bank_accepts_the_file_that_is_written_for_it(tmp_path: Path, settings: dict[str, str]) -> None:
    config = read_config(settings, checkout=tmp_path)
    accepted = to_config(yaml.safe_load(lana_yml(config, read_table(), oathkeeper=False)))
    assert accepted.time.mode == config.time
    assert accepted.app.access.superuser_email == config.superuser_email
    assert accepted.worker.metrics_port == config.ports.worker_metrics


def test_secrets_are_drawn_once_and_readable_by_their_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ENCRYPTION_KEY", raising=False)
    home = Home(tmp_path)
    first = home.secrets()
    assert home.secrets() == first
    assert len(bytes.fromhex(first.encryption_key)) == 32
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_home_is_held_by_one_supervisor(tmp_path: Path) -> None:
    first, second = Home(tmp_path), Home(tmp_path)
    assert first.lock()
    assert not second.lock()
    first.unlock()
    assert second.lock()
    second.unlock()
