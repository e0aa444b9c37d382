"""The example installation in containers fits the project and itself."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from lana.lib.config.load import to_config
from lana.up.gateway.table import CHECKOUT

DEPLOY = CHECKOUT / "deploy"
VARIABLE = re.compile(r"\$\{(\w+)")


def filled_in(folder: Path) -> Path:
    """The example's variables, each with a value."""
    file = folder / "filled-in.env"
    file.write_text(re.sub(r"(?m)^(\w+)=$", r"\1=some-value", (DEPLOY / ".env.example").read_text()))
    return file


def compose() -> list[str]:
    docker = shutil.which("docker")
    if (
        docker is None
        or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode
    ):
        pytest.skip("there is no docker client with `compose`")
    return [docker, "compose", "--project-directory", str(DEPLOY), "-f", str(DEPLOY / "compose.yml")]


def test_docker_compose_accepts_the_file(tmp_path: Path) -> None:
    command = [*compose(), "--env-file", str(filled_in(tmp_path)), "config", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_docker_compose_refuses_a_missing_secret(tmp_path: Path) -> None:
    (tmp_path / "empty.env").write_text("")
    command = [*compose(), "--env-file", str(tmp_path / "empty.env"), "config", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "see .env.example" in done.stderr


def test_every_variable_of_the_compose_file_is_in_the_example() -> None:
    wanted = set(VARIABLE.findall((DEPLOY / "compose.yml").read_text()))
    given = set(re.findall(r"(?m)^(\w+)=", (DEPLOY / ".env.example").read_text()))
    assert wanted == given


def test_every_file_the_containers_mount_or_build_is_there() -> None:
    content = yaml.safe_load((DEPLOY / "compose.yml").read_text())
    for service in content["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./") and not source.startswith("./secrets/"):
                assert (DEPLOY / source).exists(), source
        build = service.get("build")
        if build:
            assert (DEPLOY / build["context"] / build["dockerfile"]).exists()


def test_example_configuration_is_one_the_bank_accepts() -> None:
    config = to_config(yaml.safe_load((DEPLOY / "lana.yml").read_text()))
    assert [trust.issuer for trust in config.admin_server.trusted()] == ["lana.bank"]
    assert not config.allow_unsigned_webhooks
