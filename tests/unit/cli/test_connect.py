import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pierhead.cli import connect as connecting
from pierhead.cli.connect import connect, running_server
from pierhead.cli.errors import NoKeyError, UsageError
from pierhead.cli.in_process import DataMissingError
from pierhead.cli.invocation import Target
from pierhead.cli.local_wire import LocalWire
from pierhead.cli.options import data_directory
from pierhead.kit.redact import SecretValue


class Server(ThreadingHTTPServer):
    keys: list[str | None]


class Pierhead(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Server)
        self.server.keys.append(self.headers.get("X-API-KEY"))
        data = {"status": "ok"} if self.path == "/health" else {"data": {"account": "from-whoami"}}
        body = json.dumps(data).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Pierhead) as running:
        running.keys = []
        threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def url(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "admin-key").write_text("pat.local.id.secret\n")
    (tmp_path / "pierhead.db").touch()
    return tmp_path


@pytest.fixture
def opened(monkeypatch, data: Path) -> list[tuple[Path, Path | None]]:
    """Data directories that were opened in this process."""
    seen: list[tuple[Path, Path | None]] = []

    async def app(*_: object) -> None:
        raise AssertionError

    def open_wire(path: Path, images: Path | None) -> tuple[LocalWire, Any]:
        seen.append((path, images))
        settings = SimpleNamespace(images_directory=images or path / "images")
        return LocalWire(app, "here"), SimpleNamespace(settings=settings, first_key=None)

    monkeypatch.setattr("pierhead.cli.in_process.open_wire", open_wire)
    return seen


def holds(data: Path, url: str, **more: object) -> None:
    (data / "server.json").write_text(json.dumps({"url": url, "pid": os.getpid(), **more}))


def test_the_server_that_holds_the_directory_is_asked_with_its_admin_key(data: Path, url: str, opened) -> None:
    holds(data, url, images=str(data / "elsewhere"))
    connection = connect(Target(data))
    assert (connection.api.place, connection.is_local) == (url, False)
    assert connection.api.scope == {"accountIdentifier": "local"}
    assert connection.images == data / "elsewhere"
    assert opened == []


def test_with_no_server_the_directory_is_opened_in_this_process(data: Path, opened) -> None:
    connection = connect(Target(data, images=data / "out"))
    assert (connection.is_local, connection.images) == (True, data / "out")
    assert opened == [(data, data / "out")]
    connection.api.close()


def test_a_data_directory_that_was_mistyped_is_not_made(tmp_path: Path, opened) -> None:
    typo = tmp_path / "typo"
    with pytest.raises(DataMissingError) as caught:
        connect(Target(typo))
    assert str(typo) in caught.value.message
    assert not typo.exists()
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(DataMissingError):
        connect(Target(empty))
    assert (list(empty.iterdir()), opened) == ([], [])


def test_what_sets_up_a_place_makes_its_data_directory(tmp_path: Path, opened) -> None:
    new = tmp_path / "new"
    with pytest.raises(NoKeyError):  # the stand-in makes no key
        connect(Target(new, makes_data=True))
    assert opened == [(new, None)]


@pytest.mark.parametrize(
    ("words", "makes"),
    [
        (("connector", "list"), True),
        (("connector", "list", "--data", "/d"), False),
        (("explain", "p.yaml", "--data", "/d"), False),
        (("init", "p.yaml", "--data", "/d"), True),
        (("apply", "-f", "p.yaml", "--data", "/d"), True),
        (("apply", "-f", "p.yaml", "--data", "/d", "--dry-run"), False),
        (("connector", "apply", "-f", "p.yaml", "--data", "/d"), True),
        (("secret", "apply", "-f", "p.yaml", "--data", "/d"), True),
    ],
)
def test_only_what_sets_up_a_place_makes_a_directory_that_was_named(
    pierhead: Any, api: Any, tmp_path: Path, monkeypatch, words: tuple[str, ...], makes: bool
) -> None:
    noun = "secret" if words[0] == "secret" else "connector"
    (tmp_path / "p.yaml").write_text(f"{noun}: {{identifier: x}}")
    monkeypatch.chdir(tmp_path)
    with contextlib.suppress(AssertionError):  # how Pierhead is found is all that matters
        pierhead(*words)
    assert [target.makes_data for target in api.targets] == [makes]


def test_with_a_database_elsewhere_the_directory_holds_nothing_that_could_be_missed(
    tmp_path: Path, opened, monkeypatch
) -> None:
    monkeypatch.setenv("PIERHEAD_DATABASE_URL", "postgresql://localhost/pierhead")
    assert connect(Target(tmp_path, api_key=SecretValue("pat.a.b.c"))).is_local
    assert opened == [(tmp_path, None)]


def test_a_server_that_was_killed_leaves_its_directory_free(data: Path, opened) -> None:
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    (data / "server.json").write_text(json.dumps({"url": "http://127.0.0.1:9", "pid": int(gone.stdout)}))
    assert connect(Target(data)).is_local
    holds(data, "http://127.0.0.1:9")  # the number was given to another process meanwhile
    assert connect(Target(data)).is_local


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"url": "x"}', '{"url": "x", "pid": "y"}', '{"url": 1, "pid": -1}', "\xff"]
)
def test_a_server_file_that_makes_no_sense_is_no_server(tmp_path: Path, text: str) -> None:
    (tmp_path / "server.json").write_text(text)
    assert running_server(tmp_path) is None


def test_the_admin_key_is_never_sent_to_another_server(data: Path, url: str, server: Server) -> None:
    holds(data, "http://127.0.0.1:9")
    with pytest.raises(NoKeyError):
        connect(Target(data, url=url))
    assert server.keys == []


def test_the_admin_key_serves_the_own_servers_url_too(data: Path, url: str) -> None:
    holds(data, url)
    assert connect(Target(data, url=url + "/")).images == data / "images"


def test_a_given_key_comes_before_the_admin_key(data: Path, url: str) -> None:
    holds(data, url)
    target = Target(data, api_key=SecretValue("pat.other.id.secret"))
    assert connect(target).api.scope == {"accountIdentifier": "other"}


def test_a_key_file_comes_before_the_variable(data: Path, url: str) -> None:
    holds(data, url)
    (data / "k").write_text("pat.file.id.secret\n")
    target = Target(data, api_key=SecretValue("pat.other.id.secret"), api_key_file=data / "k", org="o")
    assert connect(target).api.scope == {"accountIdentifier": "file", "orgIdentifier": "o"}


def test_a_key_that_does_not_name_its_account_is_asked_about(data: Path, url: str, server: Server) -> None:
    connection = connect(Target(data, url=url, api_key=SecretValue("opaque")))
    assert connection.api.scope == {"accountIdentifier": "from-whoami"}
    assert server.keys == ["opaque"]


@pytest.mark.parametrize("raw", [b"", b"a\nb", "schl\u00fcssel".encode(), b"\xff"])
def test_a_file_that_holds_no_key_is_refused(data: Path, url: str, raw: bytes) -> None:
    (data / "k").write_bytes(raw)
    with pytest.raises(UsageError, match="cannot take an API key from"):
        connect(Target(data, url=url, api_key_file=data / "k"))


def test_a_project_without_its_organization_is_refused(data: Path) -> None:
    with pytest.raises(UsageError, match="--project needs --org"):
        connect(Target(data, project="p"))


def test_a_key_that_travels_in_the_clear_is_warned_about(data: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(connecting, "_client", lambda *_: None)
    connect(Target(data, url="http://pierhead.example", api_key=SecretValue("pat.a.b.c")))
    assert "unencrypted" in capsys.readouterr().err


def test_the_data_directory_is_the_servers(monkeypatch, tmp_path: Path) -> None:
    settings = pytest.importorskip("pierhead.server.settings")
    for environment in ({"PIERHEAD_DATA": "/d"}, {"XDG_DATA_HOME": "/x"}, {"HOME": "/h"}):
        for name in ("PIERHEAD_DATA", "XDG_DATA_HOME", "HOME"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        assert data_directory() == settings.default_data_directory()
    assert data_directory(tmp_path) == tmp_path
