"""A Pierhead API that answers from a table, and the command line run against it."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pierhead.cli.api_client import ApiClient
from pierhead.cli.invocation import Connection, Target
from pierhead.cli.main import run
from pierhead.cli.wire import Answer
from pierhead.kit.redact import SecretValue


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    body: bytes | None

    @property
    def json(self) -> Any:
        return json.loads(self.body or b"null")


@dataclass
class FakeApi:
    """A wire. ``data``, ``refuse`` and ``stream`` say what a route answers; several come one after the other."""

    place: str = "the fake"
    asked: list[Asked] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    images: Path | None = None
    is_local: bool = False
    is_closed: bool = False

    def __post_init__(self) -> None:
        self._answers: dict[tuple[str, str], list[Callable[[Asked], Answer]]] = {}

    def data(self, method: str, path: str, *values: Any) -> None:
        for value in values:
            body = {"status": "SUCCESS", "data": value, "metaData": None, "correlationId": "c"}
            self.raw(method, path, 200, json.dumps(body).encode())

    def refuse(self, method: str, path: str, status: int, code: str, message: str, **more: Any) -> None:
        body = {"status": "ERROR", "code": code, "message": message, **more}
        self.raw(method, path, status, json.dumps(body).encode())

    def raw(self, method: str, path: str, status: int, body: bytes, kind: str = "application/json") -> None:
        self._add(method, path, lambda _: Answer(status, kind, iter([body]), lambda: None))

    def stream(self, path: str, *events: tuple[str, Any] | BaseException) -> None:
        def chunks() -> Iterator[bytes]:
            for event in events:
                if isinstance(event, BaseException):
                    raise event
                yield f"event: {event[0]}\ndata: {json.dumps(event[1])}\n\n".encode()

        self._add("GET", path, lambda _: Answer(200, "text/event-stream", chunks(), lambda: None))

    def _add(self, method: str, path: str, answer: Callable[[Asked], Answer]) -> None:
        self._answers.setdefault((method, path), []).append(answer)

    def request(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        parts = urlsplit(target)
        asked = Asked(method, parts.path, parse_qs(parts.query), headers, body)
        self.asked.append(asked)
        answers = self._answers.get((method, parts.path))
        assert answers, f"nothing is known of {method} {parts.path}"
        return (answers.pop(0) if len(answers) > 1 else answers[0])(asked)

    def close(self) -> None:
        self.is_closed = True

    def connect(self, target: Target) -> Connection:
        self.targets.append(target)
        client = ApiClient(self, SecretValue("pat.acc.key.secret"), {"accountIdentifier": "acc", **target.scope})
        application: Any = object() if self.is_local else None
        return Connection(client, target.images if self.is_local else self.images, application)

    def calls(self) -> list[tuple[str, str]]:
        return [(asked.method, asked.path) for asked in self.asked]


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Pierhead = Callable[..., Outcome]


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def pierhead(api: FakeApi, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Pierhead:
    for name in ("PIERHEAD_API_KEY", "PIERHEAD_URL", "PIERHEAD_DATA", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)

    def call(*argv: str) -> Outcome:
        code = run(argv, connect=api.connect)
        out, err = capsys.readouterr()
        return Outcome(code, out, err)

    return call
