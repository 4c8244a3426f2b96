"""A delegate that says exactly what a test lets it say: the agent link spoken by hand, over whatever carries it."""

import base64
import http.client
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from pydantic import TypeAdapter

from pierhead.protocol.agent import AGENT_PATH, OrderHead
from pierhead.protocol.sealing import SealingKey
from pierhead.protocol.signatures import SigningKey, key_to_text, order_bytes, sign_request, verify
from pierhead.protocol.tasks import Task

KINDS = ("pull", "testConnection", "listTags", "listRepositories", "resolve", "readTags", "copy")
_TASK: TypeAdapter[Task] = TypeAdapter(Task)


@dataclass(frozen=True, slots=True)
class Said:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def code(self) -> str:
        return str(self.body.get("code", ""))


Carry = Callable[[str, Mapping[str, str], bytes], Said]
"""Target, headers, body."""


@dataclass
class ScriptedDelegate:
    """``carry`` brings a request to the server; ``now`` is its clock, Unix seconds."""

    carry: Carry
    token: str
    name: str = "probe"
    host_name: str = "probe-1"
    tags: tuple[str, ...] = ()
    capacity: int = 4
    now: Callable[[], float] = time.time
    signing: SigningKey = field(default_factory=SigningKey.generate)
    sealing: SealingKey = field(default_factory=SealingKey.generate)
    session: str = field(default_factory=lambda: secrets.token_hex(16))
    server_key: bytes = b""

    @property
    def id(self) -> str:
        return self.signing.id

    def enrol(self, **changes: object) -> Said:
        said = self.post(
            "enrol",
            {
                "token": self.token,
                "name": self.name,
                "signingKey": key_to_text(self.signing.public),
                "sealingKey": key_to_text(self.sealing.public),
                "description": "",
                **self._itself(),
                **changes,
            },
        )
        if said.status == 200:
            self.server_key = base64.b64decode(said.body["serverKey"])
        return said

    def open_session(self, **changes: object) -> Said:
        return self.post("session", {"session": self.session, **self._itself(), **changes})

    def join(self) -> "ScriptedDelegate":
        """Enrols and opens its session; both have to go well."""
        for said in (self.enrol(), self.open_session()):
            assert said.status == 200, said
        return self

    def poll(self, free: int = 1, **changes: object) -> Said:
        return self.post("poll", {"session": self.session, "free": free, **changes})

    def acquire(self, task_id: str) -> Said:
        return self.post(f"tasks/{task_id}/acquire", {"session": self.session})

    def take(self, task_id: str) -> tuple[OrderHead, Task] | None:
        """The order opened and its signature checked; None when there is none."""
        order = self.acquire(task_id).body.get("order")
        return None if order is None else self.opened(order)

    def opened(self, order: Mapping[str, str]) -> tuple[OrderHead, Task]:
        head, sealed = order["head"], order["sealed"]
        assert verify(self.server_key, order_bytes(head, sealed), base64.b64decode(order["signature"]))
        plain = self.sealing.open(sealed, head.encode())
        return OrderHead.model_validate_json(head), _TASK.validate_json(plain)

    def progress(self, task_id: str, fence: int, **report: object) -> Said:
        return self.post(f"tasks/{task_id}/progress", {"fence": fence, **report})

    def finish(self, task_id: str, fence: int, result: object, **changes: object) -> Said:
        return self.post(f"tasks/{task_id}/finish", {"fence": fence, "result": result, **changes})

    def post(self, path: str, message: object) -> Said:
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        return self.send(path, body, self.headers(path, body))

    def send(self, path: str, body: bytes, headers: Mapping[str, str]) -> Said:
        return self.carry(f"{AGENT_PATH}/{path}", headers, body)

    def headers(self, path: str, body: bytes, *, created: int | None = None) -> dict[str, str]:
        moment = int(self.now()) if created is None else created
        signed = sign_request(
            self.signing, "POST", f"{AGENT_PATH}/{path}", body, created=moment, nonce=secrets.token_urlsafe(18)
        )
        return {"Content-Type": "application/json", **signed}

    def _itself(self) -> dict[str, object]:
        return {
            "hostName": self.host_name,
            "tags": list(self.tags),
            "version": "1.0",
            "kinds": list(KINDS),
            "capacity": self.capacity,
        }


def over_http(url: str, timeout_s: float = 60.0) -> Carry:
    """One connection for each request, to a server at ``url``. Raises OSError and HTTPException."""
    place = urlsplit(url).netloc

    def carry(target: str, headers: Mapping[str, str], body: bytes) -> Said:
        connection = http.client.HTTPConnection(place, timeout=timeout_s)
        try:
            connection.request("POST", target, body, dict(headers))
            answer = connection.getresponse()
            text = answer.read()
            return Said(answer.status, {k.lower(): v for k, v in answer.getheaders()}, json.loads(text))
        finally:
            connection.close()

    return carry
