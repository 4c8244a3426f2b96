"""Trivy's adapter with programs that answer, or misbehave, in its place: what is real here is the process."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pierhead.adapters.scanners.trivy import TrivyScanner
from pierhead.control.gates import NotKnown, Severity, VulnerabilityReport

REPORT = {
    "Results": [
        {
            "Target": "debian",
            "Packages": [{"Name": "openssl"}, {"Name": "zlib"}],
            "Vulnerabilities": [
                {
                    "VulnerabilityID": "CVE-2026-1",
                    "PkgName": "openssl",
                    "InstalledVersion": "3.0.1",
                    "FixedVersion": "3.0.2",
                    "Severity": "HIGH",
                    "CVSS": {"nvd": {"V3Score": 8.1}, "redhat": {"V3Score": 7.0}},
                }
            ],
        }
    ]
}
ANSWER = 'while [ "$1" != --output ]; do shift; done; cat > "$2" <<EOF\n%s\nEOF\n'


@pytest.fixture
def scanner(tmp_path):
    def made(script: str, *, database: bool = True, **more) -> TrivyScanner:
        program = tmp_path / "trivy"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        if database:
            (tmp_path / "db").mkdir()
            (tmp_path / "db" / "metadata.json").write_text('{"UpdatedAt": "2026-11-20T06:00:00Z"}')
        return TrivyScanner(tmp_path, program, **more)

    return made


def test_a_report_becomes_findings(scanner) -> None:
    report = scanner(ANSWER % json.dumps(REPORT)).scan_sbom(b"{}")
    assert isinstance(report, VulnerabilityReport)
    (found,) = report.findings
    assert (found.ids, found.package, found.fixed) == (("CVE-2026-1",), "openssl", "3.0.2")
    assert (found.severity, found.score) == (Severity.HIGH, 8.1)
    assert (report.packages, report.as_of) == (2, datetime(2026, 11, 20, 6, tzinfo=UTC))


def test_the_program_gets_none_of_our_environment(scanner, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("PIERHEAD_TOKEN", "canary")
    scanner(f"env > {tmp_path}/seen; {ANSWER % json.dumps(REPORT)}").scan_layout(tmp_path)
    seen = {line.partition("=")[0] for line in (tmp_path / "seen").read_text().splitlines()}
    assert seen <= {"HOME", "TMPDIR", "PATH", "PWD", "OLDPWD", "SHLVL", "_"}


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("exit 1", "scanner-failed"),
        ("echo 'FATAL --skip-db-update cannot be specified on the first run' >&2; exit 1", "advisories-unavailable"),
        ("exit 0", "scanner-failed"),
        (ANSWER % "no report", "scanner-failed"),
        (ANSWER % '{"Results": [{"Vulnerabilities": [{}]}]}', "scanner-failed"),
        (ANSWER % "[]", "scanner-failed"),
    ],
    ids=["fails", "no database", "silent", "text", "odd finding", "list"],
)
def test_what_is_no_report_is_not_known(scanner, script, code) -> None:
    answer = scanner(script).scan_sbom(b"{}")
    assert isinstance(answer, NotKnown)
    assert answer.code == code


def test_a_program_that_hangs_is_ended(scanner) -> None:
    answer = scanner("exec sleep 60", deadline_s=0.3).scan_sbom(b"{}")
    assert isinstance(answer, NotKnown)
    assert "did not end" in answer.words


def test_without_program_or_database_nothing_is_known(scanner, tmp_path) -> None:
    absent = TrivyScanner(tmp_path, Path("/nonexistent/trivy")).scan_sbom(b"{}")
    assert isinstance(absent, NotKnown)
    assert absent.code == "scanner-absent"
    empty = scanner("exit 0", database=False).scan_sbom(b"{}")
    assert isinstance(empty, NotKnown)
    assert empty.code == "advisories-unavailable"
