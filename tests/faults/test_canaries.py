"""Fifty secrets are given to a server and everything is done to make it say one: none is found where it must not be.

Looked for in seven forms in its log at the most talkative level, in every byte of its data directory, in every answer,
in backups and exports, and in what the system shows of its process.
"""

import base64
import gzip
import json
import os
import secrets
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from .echoing_registry import MODES, EchoingRegistry
from .product import Host, environment

CANARIES = int(os.environ.get("CANARIES", "50"))


class Visitor:
    """Sends requests, and keeps all that was answered, headers too."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._account = host.key.split(".")[1]
        self.heard: list[bytes] = []

    def say(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str | None = None,
        raw: bytes | None = None,
        **query: str,
    ) -> tuple[int, Any]:
        target = f"{self._host.url}{path}?{urlencode({'accountIdentifier': self._account, **query})}"
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(target, data, method=method)
        request.add_header("X-API-KEY", key or self._host.key)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=150) as answer:
                status, headers, content = answer.status, str(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            status, headers, content = error.code, str(error.headers), error.read()
        self.heard += [headers.encode(), content]
        return status, content


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    with Host(tmp_path / "data", environment(PIERHEAD_LOG_LEVEL="DEBUG", PIERHEAD_LOG_FORMAT="json")) as host:
        host.up()
        yield host


@pytest.mark.timeout(600)
def test_no_secret_is_ever_said(host: Host, tmp_path: Path) -> None:
    canaries = [f"canary{number:02d}" + secrets.token_urlsafe(24) for number in range(CANARIES)]
    visitor = Visitor(host)
    with EchoingRegistry() as registry:
        for number, canary in enumerate(canaries):
            _plant(visitor, number, canary, registry.authority)
        with ThreadPoolExecutor(8) as visitors:  # a registry that asks to wait is waited for
            list(visitors.map(lambda pair: _provoke(visitor, *pair), enumerate(canaries)))
        assert registry.seen >= CANARIES  # it has seen the secrets, so it could tell them
    made = _copies_of_everything(host, tmp_path)
    _look_around(visitor, host)
    told = {"log": host.log.read_bytes(), "answers": b"\n".join(visitor.heard), **made, **_of_process(host.pid)}
    for path in sorted(host.data.rglob("*")):
        if path.is_file() and path.name not in ("admin-key", "encryption-key"):
            told[str(path)] = path.read_bytes()
    found = [
        (where, _mode(number), _around(text, form))
        for where, text in told.items()
        for number, canary in enumerate(canaries)
        for form in _forms(number, canary)
        if form in text
    ]
    assert found == [], "\n".join(map(str, found))
    assert len(told["log"]) > 1000  # something was logged, so something could have been found


def _plant(visitor: Visitor, number: int, canary: str, authority: str) -> None:
    spec = {"type": "SecretTextSpec", "secretManagerIdentifier": "harnessSecretManager", "valueType": "Inline"}
    secret = {"type": "SecretText", "name": f"s{number}", "identifier": f"s{number}", "spec": {**spec, "value": canary}}
    assert visitor.say("POST", "/ng/api/v2/secrets", {"secret": secret})[0] == 200
    login = {"type": "UsernamePassword", "spec": {"username": f"u{number}", "passwordRef": f"account.s{number}"}}
    where = {"dockerRegistryUrl": f"http://{authority}/{_mode(number)}", "providerType": "Other"}
    made = {"name": f"c{number}", "identifier": f"c{number}", "type": "DockerRegistry"}
    connector = {**made, "spec": {**where, "auth": login, "executeOnDelegate": False}}
    assert visitor.say("POST", "/ng/api/connectors", {"connector": connector})[0] == 200


def _provoke(visitor: Visitor, number: int, canary: str) -> None:
    """The ways a secret may come back: tests, lists, runs, and users who put it where it does not belong."""
    visitor.say("POST", f"/ng/api/connectors/testConnection/c{number}")
    for path in () if _mode(number) == "limit" else ("tags", "repositories", "resolve"):
        visitor.say("GET", f"/pierhead/v1/connectors/c{number}/{path}", repository="a/b", image="a/b:1")
    account = visitor.say("GET", "/pierhead/v1/whoami")[0]
    assert account == 200
    kind: dict[str, object] = {"type": "SecretText", "name": "x", "identifier": "1x"}
    places: list[tuple[str, str, object]] = [
        ("POST", "/ng/api/v2/secrets", {"secret": {**kind, "spec": {"value": canary}}}),
        ("POST", "/ng/api/v2/secrets", {"secret": {**kind, "spec": {"value": [canary]}}}),
        ("PUT", f"/ng/api/v2/secrets/s{number}", {"secret": {**kind, "type": "Other", "spec": {"value": canary}}}),
        ("POST", "/pierhead/v1/session", {"email": "admin@localhost", "password": canary}),
        ("PUT", "/pierhead/v1/users/nobody/password", {"password": canary}),
    ]
    for method, path, body in places:
        visitor.say(method, path, body)
    visitor.say("POST", "/ng/api/v2/secrets", raw=f'{{"secret": {{"spec": {{"value": "{canary}" oops'.encode())
    visitor.say("GET", "/pierhead/v1/runs", key=f"pat.{canary}.{canary}.{canary}")
    visitor.say("GET", "/pierhead/v1/runs", key=canary)


def _copies_of_everything(host: Host, tmp_path: Path) -> dict[str, bytes]:
    own = {**environment(), "PIERHEAD_DATA": str(host.data)}
    for words in (["backup", "create", str(tmp_path / "backup")], ["export", str(tmp_path / "exported")]):
        subprocess.run(
            [sys.executable, "-m", "pierhead", *words], env=own, check=True, capture_output=True, timeout=120
        )
    texts = [path.read_bytes() for path in sorted((tmp_path / "exported").rglob("*")) if path.is_file()]
    assert len(texts) >= CANARIES
    return {"backup": gzip.decompress((tmp_path / "backup").read_bytes()), "export": b"\n".join(texts)}


def _look_around(visitor: Visitor, host: Host) -> None:
    """Everything that a visitor may read."""
    paths = [
        *("/ng/api/connectors", "/ng/api/v2/secrets", "/pierhead/v1/tasks", "/pierhead/v1/runs", "/metrics"),
        *("/openapi.json", "/health", "/pierhead/v1/images", "/pierhead/v1/encryption-keys"),
    ]
    for path in paths:
        visitor.say("GET", path, pageSize="100")
    for page in range(5):
        visitor.say("POST", "/audit/api/audits/list", {"filterType": "Audit"}, pageIndex=str(page), pageSize="100")
    for number in range(CANARIES):
        visitor.say("GET", f"/ng/api/connectors/c{number}")


def _of_process(pid: int) -> dict[str, bytes]:
    return {name: Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ")}


def _mode(number: int) -> str:
    """Every way at least once; the one that has us wait, no more than that."""
    quick = [mode for mode in MODES if mode != "limit"]
    return MODES[number] if number < len(MODES) else quick[number % len(quick)]


def _around(text: bytes, form: bytes) -> bytes:
    at = text.index(form)
    return text[max(0, at - 150) : at + 20]


def _forms(number: int, canary: str) -> list[bytes]:
    plain = canary.encode()
    pair = f"u{number}:{canary}".encode()
    escaped = json.dumps(canary)[1:-1].encode()
    encoded = [base64.b64encode(plain), base64.b64encode(pair), quote(canary, safe="").encode(), escaped]
    return [plain, *encoded, plain.hex().encode(), plain[-12:]]
