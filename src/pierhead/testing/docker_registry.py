"""Debian's docker-registry as a process of ours: on a free port of loopback, on a directory, with or without a login.

Stopped by its own process id; whatever else runs on the machine is left alone.
"""

import http.client
import secrets
import shutil
import socket
import subprocess
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pierhead.kit.clock import Clock, SystemClock

PROGRAM = "docker-registry"
_START_TRIES = 3
_MARK = "X-Pierhead-Instance"


class RegistryStartError(Exception):
    """The program ended or did not answer; the message holds what it said."""


@dataclass(frozen=True, slots=True)
class HtpasswdAuth:
    """``path``: a file of bcrypt lines."""

    path: Path


@dataclass(frozen=True, slots=True)
class TokenAuth:
    """``certificates``: PEM file with the roots that token signers' certificates must lead to."""

    realm: str
    service: str
    issuer: str
    certificates: Path


def is_installed() -> bool:
    return shutil.which(PROGRAM) is not None


class DockerRegistry:
    """Runs from construction to ``stop``; a context manager. ``directory`` holds its data, configuration and log."""

    def __init__(self, directory: Path, auth: HtpasswdAuth | TokenAuth | None = None) -> None:
        self._directory = directory
        self._auth = auth
        self._log = directory / "registry.log"
        self._mark = secrets.token_hex(16)
        for attempt in range(_START_TRIES):
            self.host = f"127.0.0.1:{_free_port()}"
            self._process = self._start()
            if self._answers():
                return
            self.stop()
            if attempt == _START_TRIES - 1:
                said = self._log.read_text(errors="replace")[-2000:]
                raise RegistryStartError(f"{PROGRAM} did not answer on {self.host}: {said}")

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self) -> "subprocess.Popen[bytes]":
        configuration = self._directory / "registry.yml"
        configuration.write_text(_configuration(self.host, self._directory / "data", self._mark, self._auth))
        program = shutil.which(PROGRAM)
        if program is None:
            raise RegistryStartError(f"{PROGRAM} is not installed")
        with self._log.open("wb") as log:
            return subprocess.Popen(  # noqa: S603 - a fixed program with our own configuration
                [program, "serve", str(configuration)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def _answers(self, clock: Clock | None = None) -> bool:
        clock = clock or SystemClock()
        give_up_at = clock.monotonic() + 15
        while clock.monotonic() < give_up_at and self._process.poll() is None:
            if _is_up(self.host, self._mark):
                return True
            clock.wait(0.02)
        return False


def _is_up(host: str, mark: str) -> bool:
    """Whether our registry answers: another program may have got the port before it."""
    connection = http.client.HTTPConnection(host, timeout=5)
    try:
        connection.request("GET", "/v2/")
        return connection.getresponse().headers[_MARK] == mark
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _configuration(host: str, data: Path, mark: str, auth: HtpasswdAuth | TokenAuth | None) -> str:
    common = f"""\
        version: 0.1
        log:
          level: error
          accesslog:
            disabled: true
        storage:
          filesystem:
            rootdirectory: {data}
          cache:
            blobdescriptor: inmemory
          delete:
            enabled: true
        http:
          addr: {host}
          secret: {secrets.token_hex(16)}
          headers:
            {_MARK}: [{mark}]
        """
    return textwrap.dedent(common) + textwrap.dedent(_auth_section(auth))


def _auth_section(auth: HtpasswdAuth | TokenAuth | None) -> str:
    match auth:
        case HtpasswdAuth(path):
            return f"""\
                auth:
                  htpasswd:
                    realm: test
                    path: {path}
                """
        case TokenAuth(realm, service, issuer, certificates):
            return f"""\
                auth:
                  token:
                    realm: {realm}
                    service: {service}
                    issuer: {issuer}
                    rootcertbundle: {certificates}
                """
        case None:
            return ""
