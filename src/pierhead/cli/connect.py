"""Finds the Pierhead to talk to: a server by URL, the server that holds the data directory, or the directory itself.

An API key goes only where it belongs: one found in a data directory is sent only to that directory's own server.
"""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from pierhead.kit.redact import SecretValue

from .api_client import ApiClient, account_of
from .errors import NoKeyError, ServerUnreachableError, UsageError
from .http_wire import HttpWire
from .invocation import Connection, Target
from .wire import Wire


@dataclass(frozen=True, slots=True)
class RunningServer:
    """What ``<data>/server.json`` says of the server that holds the directory."""

    url: str
    pid: int
    images: Path


def connect(target: Target) -> Connection:
    """Raises AppError when nothing answers or no key is at hand."""
    if target.project and not target.org:
        raise UsageError("--project needs --org", hint="a project is named within its organization")
    server = running_server(target.data)
    if target.url is not None:
        return _remote(target, server if server and server.url == target.url.rstrip("/") else None)
    if server is not None and _answers(server):
        return _here(target, server)
    return _local_or_just_started(target)


def connect_quickly(target: Target, within_s: float) -> Connection:
    """To a server that runs, with answers within ``within_s``; opens nothing and tells nobody anything.

    Raises AppError, as where no server runs.
    """
    own = running_server(target.data)
    url = target.url or (own.url if own else None)
    if url is None:
        raise ServerUnreachableError(str(target.data), "no server runs on it")
    wire = HttpWire(url, connect_timeout_s=within_s, read_timeout_s=within_s)
    is_own = own is not None and own.url == url.rstrip("/")
    key = _given_key(target) or (_admin_key(target.data) if is_own else None)
    if key is None or wire.is_exposed:  # a key goes out unencrypted only with a warning, and here nobody would see it
        raise NoKeyError(wire.place)
    return Connection(_client(wire, key, target))


def wire_to_log_in(target: Target) -> HttpWire:
    """To a server, for somebody who has no key yet. Raises AppError."""
    url = target.url
    if url is None:
        server = running_server(target.data)
        if server is None or not _answers(server):
            raise ServerUnreachableError(str(target.data), "no server runs on it")
        url = server.url
    wire = HttpWire(url)
    if wire.is_exposed:
        sys.stderr.write(f"warning: the password goes to {wire.place} unencrypted; use https\n")
    return wire


def running_server(data: Path) -> RunningServer | None:
    """None when no server.json is there, it is not readable, or its process is gone."""
    try:
        document = json.loads((data / "server.json").read_bytes())
        url, pid = str(document["url"]), int(document["pid"])
        images = Path(document.get("images") or data / "images")
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return RunningServer(url, pid, images) if _is_alive(pid) else None


def _remote(target: Target, own: RunningServer | None) -> Connection:
    assert target.url is not None
    wire = HttpWire(target.url)
    key = _given_key(target) or (_admin_key(target.data) if own else None)
    if key is None:
        raise NoKeyError(wire.place)
    if wire.is_exposed:
        sys.stderr.write(f"warning: the API key goes to {wire.place} unencrypted; use https\n")
    return Connection(_client(wire, key, target), images=own.images if own else None)


def _here(target: Target, server: RunningServer) -> Connection:
    wire = HttpWire(server.url)
    key = _given_key(target) or _admin_key(target.data)
    if key is None:
        raise NoKeyError(wire.place)
    return Connection(_client(wire, key, target), images=server.images)


def _local_or_just_started(target: Target) -> Connection:
    """A server that was starting when we looked holds the directory by now, and can be asked."""
    from pierhead.adapters.data_directory import DirectoryInUseError

    try:
        return _local(target)
    except DirectoryInUseError:
        server = running_server(target.data)
        if server is None or not _answers(server):
            raise
        return _here(target, server)


def _local(target: Target) -> Connection:
    """Opens the application on the data directory; the heavy imports happen here and only here."""
    from .in_process import check_data, open_wire

    if not target.makes_data:
        check_data(target.data)
    wire, application = open_wire(target.data, target.images)
    if application.first_key is not None:
        sys.stderr.write(f"made the data directory {target.data}; its admin key is in the file admin-key there\n")
    key = _given_key(target) or _admin_key(target.data)
    if key is None:
        wire.close()
        raise NoKeyError(wire.place)
    return Connection(_client(wire, key, target), application.settings.images_directory, application)


def _client(wire: Wire, key: SecretValue, target: Target) -> ApiClient:
    account = account_of(key) or str(ApiClient(wire, key, {}).call("GET", "/pierhead/v1/whoami")["account"])
    return ApiClient(wire, key, {"accountIdentifier": account, **target.scope})


def _given_key(target: Target) -> SecretValue | None:
    if target.api_key_file is None:
        return target.api_key
    try:
        return _key(target.api_key_file.read_text())
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot take an API key from {target.api_key_file}: {error}") from None


def _admin_key(data: Path) -> SecretValue | None:
    try:
        return _key((data / "admin-key").read_text())
    except (OSError, ValueError):
        return None


def _key(text: str) -> SecretValue:
    """Raises ValueError for what cannot stand in a header."""
    text = text.strip()
    if not text or not text.isascii() or not text.isprintable():
        raise ValueError("it does not hold one")
    return SecretValue(text)


def _answers(server: RunningServer) -> bool:
    """Whether it takes connections; one that was killed leaves its file behind."""
    try:
        answer = HttpWire(server.url).request("GET", "/health", {}, None)
    except (ServerUnreachableError, UsageError):
        return False
    answer.close()
    return answer.status == 200


def _is_alive(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # it is somebody else's process, but it is there
        return True
    return True
