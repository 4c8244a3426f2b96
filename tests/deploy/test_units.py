"""The units, the compose file and the container file fit the programs: options, variables, places, rights."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from pierhead.cli.commands.delegate_run import delegate_run
from pierhead.cli.commands.up import up

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
WORKLOADS = [
    DEPLOY / "helm" / path
    for path in (
        "pierhead-server/templates/deployment.yaml",
        "pierhead-delegate/templates/statefulset.yaml",
    )
]
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
# What the programs read is named where they read it.
READ_BY_US = frozenset(
    re.findall(
        r'"((?:PIERHEAD|DELEGATE)_[A-Z_]+)"',
        "".join((ROOT / "src/pierhead" / part / "settings.py").read_text() for part in ("server", "delegate")),
    )
)


def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text())
    return document


def options_of(command: Any) -> set[str]:
    return set(re.findall(r"--[a-z-]+", CliRunner().invoke(command, ["--help"]).output))


@pytest.mark.parametrize("path", [*UNITS, DEPLOY / "container/Containerfile", *WORKLOADS])
def test_every_variable_that_is_set_is_read(path: Path) -> None:
    # In a chart a name is followed by its value, in a unit and a container file by a sign of equality.
    text = path.read_text()
    named = set(re.findall(r"name: (PIERHEAD_[A-Z_]+|DELEGATE_[A-Z_]+)\b", text))
    named |= set(re.findall(r"\b(PIERHEAD_[A-Z_]+)=", text))

    assert named
    assert named <= READ_BY_US


def test_every_variable_of_the_compose_file_is_read() -> None:
    services = compose()["services"]
    named = {name for service in ("server", "delegate") for name in services[service]["environment"]}

    assert named <= READ_BY_US


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_every_option_of_a_unit_exists(path: Path) -> None:
    (command,) = re.findall(r"^ExecStart=(.*)$", path.read_text(), re.MULTILINE)

    known = options_of(delegate_run) if "delegate run" in command else options_of(up)
    assert set(re.findall(r"--[a-z-]+", command)) <= known


def test_every_option_of_the_delegate_chart_exists() -> None:
    text = (DEPLOY / "helm/pierhead-delegate/templates/statefulset.yaml").read_text()

    assert set(re.findall(r"- (--[a-z-]+)=", text)) <= options_of(delegate_run)


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_is_confined(path: Path) -> None:
    lines = path.read_text().splitlines()

    for line in (
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
        "UMask=0077",
        "ProtectHome=yes",
    ):
        assert line in lines


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_understands_a_unit(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / path.name
    copy.write_text(path.read_text().replace("/opt/pierhead/bin/pierhead", "/bin/true"))

    run = subprocess.run(
        ["systemd-analyze", "verify", copy], capture_output=True, text=True, timeout=30, check=False
    )  # fmt: skip

    complaints = [line for line in run.stderr.splitlines() if path.name in line]
    assert complaints == []


def test_the_compose_file_confines_what_is_ours() -> None:
    for name in ("server", "delegate"):
        service = compose()["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]


def test_a_delegate_publishes_no_port() -> None:
    assert "ports" not in compose()["services"]["delegate"]
    assert "ports" not in compose()["services"]["database"]
