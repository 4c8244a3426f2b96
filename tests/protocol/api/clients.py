"""Clients that people have, as far as their requests and what they read of the answers: their habits, not their code.

The base path is chosen: the SDK and Terraform go below ``/gateway``, the command line does not.
"""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

# Read as "it is gone", whatever the status of the two (harness-api §10.1).
GONE = ("RESOURCE_NOT_FOUND_EXCEPTION", "ENTITY_NOT_FOUND")
_DECODED = (200, 400, 500)


class ClientPanicError(AssertionError):
    """What makes the real client stop hard: an answer that it cannot decode."""


@dataclass(frozen=True)
class Answered:
    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def is_gone(self) -> bool:
        return self.status in (400, 404) and self.body.get("code") in GONE


@dataclass
class Client:
    """``sent`` is what was asked so far, for messages."""

    url: str
    account: str
    key: str
    base: str = "/gateway"
    agent: Mapping[str, str] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)

    def ask(self, method: str, path: str, body: object = None, **query: object) -> Answered:
        """Raises ClientPanicError for what the SDK cannot read."""
        given = {name: _written(value) for name, value in query.items() if value is not None}
        target = f"{self.base}{path}?{urlencode({'accountIdentifier': self.account, **given}, doseq=True)}"
        self.sent.append(f"{method} {target}")
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        raw = None if body is None else json.dumps(body).encode()
        headers = {"x-api-key": self.key, "Accept": "application/json", "Content-Type": "application/json"}
        connection.request(method, target, raw, {**headers, **self.agent})
        answer = connection.getresponse()
        text, kind = answer.read(), answer.headers.get_content_type()
        connection.close()
        if kind != "application/json":
            raise ClientPanicError(f"undefined response type {kind}: {self.sent[-1]}")
        if answer.status >= 500:
            raise ClientPanicError(f"ten retries of a {answer.status}: {self.sent[-1]}: {text[:300]!r}")
        return Answered(answer.status, json.loads(text), dict(answer.headers))

    def data(self, method: str, path: str, body: object = None, **query: object) -> Any:
        """The ``data`` of a good answer."""
        answered = self.ask(method, path, body, **query)
        assert answered.status == 200, (self.sent[-1], answered.body)
        assert answered.body["status"] == "SUCCESS"
        assert answered.body["correlationId"]
        return answered.body["data"]

    def resource(self, method: str, path: str, body: object = None, **query: object) -> Any:
        """The ``resource`` of a good answer in the other envelope."""
        answered = self.ask(method, path, body, **query)
        assert answered.status == 200, (self.sent[-1], answered.body)
        return answered.body["resource"]


def _written(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
