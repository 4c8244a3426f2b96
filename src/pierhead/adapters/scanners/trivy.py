"""Trivy as a scanner: somebody else's program, run on files, without our environment, without the network's help.

It is given an SBOM or an OCI layout, never a registry. What it does not answer in time, whole and well, is not known.
"""

import contextlib
import json
import os
import resource
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pierhead.control.gates import Finding, NotKnown, Severity, VulnerabilityReport
from pierhead.kit.limits import MIB, MalformedJsonError, parse_json

PROGRAM: Final = "trivy"
NAME: Final = "trivy"
MAX_ANSWER: Final = 64 * MIB
MAX_FINDINGS: Final = 10_000
DEADLINE_S: Final = 600.0
_PROCESSOR_S: Final = 600
_FILE_BYTES: Final = 1024 * MIB
_NO_DATABASE: Final = ("--skip-db-update", "DB error", "failed to download vulnerability DB")
_OFFLINE: Final = (
    "--quiet",
    "--format",
    "json",
    "--skip-db-update",
    "--skip-java-db-update",
    "--offline-scan",
    "--list-all-pkgs",
)
_SEVERITIES: Final = {severity.value.upper(): severity for severity in Severity}


class TrivyScanner:
    """``program``: its path, looked for where programs are when None. ``cache``: the directory with its database,
    which somebody else keeps up to date; it is opened for reading and may be changed by the program."""

    def __init__(self, cache: Path, program: Path | None = None, *, deadline_s: float = DEADLINE_S) -> None:
        self._cache = cache
        self._program = program
        self._deadline_s = deadline_s

    def scan_sbom(self, sbom: bytes) -> VulnerabilityReport | NotKnown:
        """CycloneDX or SPDX as JSON."""
        with tempfile.TemporaryDirectory(prefix="pierhead-scan-") as made:
            path = Path(made) / "sbom.json"
            path.write_bytes(sbom)
            return self._scan(["sbom", str(path)], Path(made))

    def scan_layout(self, layout: Path) -> VulnerabilityReport | NotKnown:
        """An OCI image layout with one image."""
        with tempfile.TemporaryDirectory(prefix="pierhead-scan-") as made:
            return self._scan(["image", "--scanners", "vuln", "--input", str(layout)], Path(made))

    def _scan(self, words: list[str], room: Path) -> VulnerabilityReport | NotKnown:
        program = str(self._program) if self._program else shutil.which(PROGRAM)
        if program is None or not Path(program).is_file():
            return NotKnown("scanner-absent", f"{program or PROGRAM} is not installed")
        if not (self._cache / "db" / "metadata.json").is_file():
            return NotKnown("advisories-unavailable", f"trivy has no database in {self._cache}")
        answer = room / "answer.json"
        command = [program, words[0], *_OFFLINE, "--cache-dir", str(self._cache), "--output", str(answer), *words[1:]]
        failure = self._run(command, room)
        return failure or _report(answer, self._as_of())

    def _run(self, command: list[str], room: Path) -> NotKnown | None:
        """None when it ended well. Its output goes to files, which cannot fill a pipe."""
        with (room / "errors").open("wb") as errors:
            child = subprocess.Popen(  # noqa: S603 - the configured program with our own words
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env={"HOME": str(room), "TMPDIR": str(room), "PATH": "/usr/bin:/bin"},
                cwd=room,
                start_new_session=True,
            )
            with contextlib.suppress(ProcessLookupError, PermissionError):
                resource.prlimit(child.pid, resource.RLIMIT_CPU, (_PROCESSOR_S, _PROCESSOR_S))
                resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (_FILE_BYTES, _FILE_BYTES))
                resource.prlimit(child.pid, resource.RLIMIT_CORE, (0, 0))
            try:
                status = child.wait(self._deadline_s)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)  # its own children as well
                return NotKnown("scanner-failed", f"trivy did not end within {self._deadline_s:g} s")
            finally:
                child.kill()
                child.wait()
        if status == 0:
            return None
        with (room / "errors").open("rb") as file:
            said = file.read(20_000).decode("utf-8", "replace")
        if any(words in said for words in _NO_DATABASE):
            return NotKnown("advisories-unavailable", "trivy has no usable database")
        return NotKnown("scanner-failed", f"trivy ended with {status}")

    def _as_of(self) -> datetime | None:
        """When trivy's database was made, as it says itself."""
        with contextlib.suppress(OSError, MalformedJsonError, ValueError, AttributeError):
            with (self._cache / "db" / "metadata.json").open("rb") as file:
                given = parse_json(file.read(64 * 1024))
            moment = datetime.fromisoformat(str(given.get("UpdatedAt")))  # type: ignore[attr-defined]
            return moment.astimezone(UTC) if moment.tzinfo else None
        return None


def _report(answer: Path, as_of: datetime | None) -> VulnerabilityReport | NotKnown:
    try:
        if answer.stat().st_size > MAX_ANSWER:
            return NotKnown("scanner-failed", f"trivy answered with more than {MAX_ANSWER:,} bytes")
        given = json.loads(answer.read_bytes())
        results = [one for one in given.get("Results") or [] if isinstance(one, dict)]
        findings = [finding for one in results for finding in _findings(one)]
    except (OSError, ValueError, AttributeError, KeyError, TypeError, RecursionError):
        return NotKnown("scanner-failed", "trivy answered with something else than a report")
    unread = (NotKnown("too-many-findings", f"more than {MAX_FINDINGS:,} findings"),) * (len(findings) > MAX_FINDINGS)
    packages = sum(len(one.get("Packages") or ()) for one in results)
    return VulnerabilityReport(NAME, as_of, packages, tuple(findings[:MAX_FINDINGS]), unread)


def _findings(result: Mapping[str, object]) -> Iterator[Finding]:
    given = result.get("Vulnerabilities") or []
    assert isinstance(given, list)
    for one in given:
        score = max((_score(each) for each in (one.get("CVSS") or {}).values()), default=0.0)
        yield Finding(
            (str(one["VulnerabilityID"])[:100], *(str(each)[:100] for each in (one.get("VendorIDs") or [])[:20])),
            str(one["PkgName"])[:300],
            str(one["InstalledVersion"])[:200],
            _SEVERITIES.get(str(one.get("Severity")), Severity.UNKNOWN),
            str(one.get("FixedVersion") or "")[:200],
            score or None,
        )


def _score(given: object) -> float:
    value = given.get("V3Score") if isinstance(given, dict) else None
    return float(value) if isinstance(value, int | float) else 0.0
