"""Whatever is sent to any route, the answer is one that was meant: never a 5xx, always an envelope with an id.

Inputs are made from the OpenAPI document and then spoiled, on the real database, so that nothing which only a database
refuses goes unseen. A few inputs for each route in the suite, many under ``make faults``.
"""

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_from_bytes, unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pierhead.adapters.sql import SqlStore
from pierhead.server.api.permissions import RULES
from pierhead.server.app import create_app
from pierhead.testing.application import MemoryApplication, memory_application

BOUNDED = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MANY = settings(BOUNDED, max_examples=100)
INTERESTING = ["", "a", "harnessImage", "K8", "account.harnessImage", "\0", "\ud800", "ä", "a/b", "..", "%", "x" * 300]
texts = st.sampled_from(INTERESTING) | st.text(max_size=30)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
anything = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))
media_types = st.sampled_from(
    ["application/json"] * 6 + ["application/yaml", "text/plain", "", "é", "application/json;;"]
)


class Speaker:
    """Speaks ASGI itself, because client libraries mend what we want to send broken."""

    def __init__(self, application: MemoryApplication) -> None:
        self.application = application
        self.app = create_app(application)
        self.document = self.app.openapi()
        self.runner = asyncio.Runner()

    def operation(self, operation_id: str) -> tuple[str, str, dict[str, Any]]:
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                if operation["operationId"] == operation_id:
                    return method.upper(), path, operation
        raise KeyError(operation_id)

    def say(
        self, method: str, path: str, query: bytes = b"", headers: dict[str, str] | None = None, body: bytes = b""
    ) -> tuple[int, dict[bytes, bytes], bytes]:
        own = {"x-api-key": self.application.key.reveal(), "harness-account": self.application.account.id}
        pairs = {**own, "content-length": str(len(body)), **(headers or {})}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query,
            "headers": [(name.encode(), value.encode("utf-8", "replace")) for name, value in pairs.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        return self.runner.run(self._say(scope, body))

    async def _say(self, scope: dict[str, Any], body: bytes) -> tuple[int, dict[bytes, bytes], bytes]:
        sent: list[Any] = []
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            return waiting.pop() if waiting else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        assert sent, "no answer at all"
        return sent[0]["status"], dict(sent[0]["headers"]), b"".join(part.get("body", b"") for part in sent[1:])


@pytest.fixture(scope="module")
def speaker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Speaker]:
    directory = tmp_path_factory.mktemp("fuzz")
    store = SqlStore(directory / "fuzz.db")
    speaker = Speaker(memory_application(directory, store))
    yield speaker
    speaker.runner.close()
    store.close()


def check(answer: tuple[int, dict[bytes, bytes], bytes]) -> None:
    status, headers, body = answer
    assert status < 500, body
    assert headers[b"x-correlation-id"]
    if headers[b"content-type"].startswith((b"text/event-stream", b"application/yaml", b"application/atom+xml")):
        return
    assert headers[b"content-type"] == b"application/json"
    document = json.loads(body)
    if status >= 400 and "message" not in document:
        document = document["errors"][0]
    assert status < 400 or document["message"]


def shaped(schema: dict[str, Any], document: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of the schema, now and then something else in their place."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return st.deferred(lambda: shaped(document["components"]["schemas"][name], document))
    return st.one_of(*[_of_type(schema, document)] * 6, anything)


def _of_type(schema: dict[str, Any], document: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "anyOf" in schema:
        return st.one_of([shaped(part, document) for part in schema["anyOf"]])
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum", [schema.get("const")]))
    match schema.get("type"):
        case "object" if "properties" in schema:
            parts = {name: shaped(part, document) for name, part in schema["properties"].items()}
            required = {name: part for name, part in parts.items() if name in schema.get("required", ())}
            optional = {name: part for name, part in parts.items() if name not in required}
            return st.fixed_dictionaries(required, optional=optional)
        case "object":
            return st.dictionaries(texts, texts, max_size=3)
        case "array":
            return st.lists(shaped(schema["items"], document), max_size=3)
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers()
        case "string":
            return texts | st.sampled_from(["mirror", "https://a.example/ci", "gitCloneTag", "harness/drone-git:1.0"])
        case _:
            return st.none()


def encoded(value: object) -> bytes:
    return json.dumps(value).encode()


def in_query(name: str, value: str) -> bytes:
    return f"{quote_from_bytes(name.encode())}={quote_from_bytes(value.encode('utf-8', 'surrogatepass'))}".encode()


@st.composite
def requests(draw: st.DrawFn, operation: dict[str, Any], path: str, document: dict[str, Any]) -> dict[str, Any]:
    def segment(_: object) -> str:
        return quote_from_bytes(draw(texts).encode("utf-8", "surrogatepass")) or "x"

    names = [parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == "query"]
    pair = st.tuples(st.sampled_from([*names, "account", "x"]), texts | st.integers().map(str))
    query = draw(st.lists(pair, max_size=4, unique_by=draw(st.sampled_from([lambda pair: pair[0], id]))))
    headers = {"content-type": draw(media_types)}
    body = b""
    if content := operation.get("requestBody", {}).get("content"):
        schema = content["application/json"]["schema"]
        valid = shaped(schema, document).map(encoded)
        body = draw(st.one_of(valid, valid, valid, anything.map(encoded), st.binary(max_size=60)))
    return {
        "path": re.sub(r"\{[^}]*\}", segment, path),
        "query": b"&".join(in_query(name, value) for name, value in query),
        "headers": headers,
        "body": body,
    }


# The document itself is none of its operations, and figures are no JSON; both take nothing to speak of.
every_operation = pytest.mark.parametrize("operation_id", sorted(RULES.keys() - {"openapi", "metrics"}))


def ask(speaker: Speaker, operation_id: str, data: st.DataObject) -> None:
    method, path, operation = speaker.operation(operation_id)
    check(speaker.say(method, **data.draw(requests(operation, path, speaker.document))))


@every_operation
@BOUNDED
@given(data=st.data())
def test_no_request_of_any_kind_is_too_much(speaker: Speaker, operation_id: str, data: st.DataObject) -> None:
    ask(speaker, operation_id, data)


@pytest.mark.faults
@every_operation
@MANY
@given(data=st.data())
def test_no_request_of_a_hundred_is_too_much(speaker: Speaker, operation_id: str, data: st.DataObject) -> None:
    ask(speaker, operation_id, data)


@settings(BOUNDED, max_examples=150)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "x", "é"]),
    path=st.binary(max_size=40).map(quote_from_bytes),
    query=st.binary(max_size=40),
)
def test_no_path_or_method_is_too_much(speaker: Speaker, method: str, path: str, query: bytes) -> None:
    check(speaker.say(method, f"/{path}", query.decode("latin-1").encode("ascii", "ignore")))


@settings(BOUNDED, max_examples=150)
@given(
    name=st.sampled_from(["x-api-key", "authorization", "harness-account", "content-type", "content-length", "host"]),
    value=st.text(max_size=60),
)
def test_no_header_is_too_much(speaker: Speaker, name: str, value: str) -> None:
    check(speaker.say("POST", "/ng/api/connectors", headers={name: value}, body=b"{}"))


@settings(BOUNDED, max_examples=150)
@given(raw=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_pipeline_is_too_much(speaker: Speaker, raw: bytes) -> None:
    check(speaker.say("POST", "/pierhead/v1/pipelines/explain", headers={"content-type": "application/yaml"}, body=raw))
