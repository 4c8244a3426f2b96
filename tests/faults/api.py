"""The HTTP API as a client sees it that notes whatever a client should never see."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from .waiting import pause

Where = Callable[[], str]
BROKEN = (OSError, http.client.HTTPException)
_OWN = "/pierhead/v1"
_PAGE = 100
_LONGEST_WAIT_S = 2.0  # clients of a test are less patient than Retry-After asks them to be


class RefusedCallError(AssertionError):
    pass


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass
class Offences:
    """What no client may see: an answer of 5xx other than 503 with Retry-After, or, where nobody was killed, none."""

    seen: list[str] = field(default_factory=list)
    told_to_wait: int = 0

    def look_at(self, what: str, status: int, headers: Mapping[str, str], body: object) -> None:
        if status == 503 and "retry-after" in headers:
            self.told_to_wait += 1
        elif status >= 500:
            self.seen.append(f"{what}: {status} {str(body)[:300]}")


class Api:
    """``where`` gives the server's URL at this moment; raises what is in ``BROKEN`` when nobody answers."""

    def __init__(self, where: Where, key: str, offences: Offences | None = None) -> None:
        self._where = where
        self._key = key
        self.account = key.split(".")[1]
        self.offences = offences or Offences()

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        kind: str = "application/json",
        timeout_s: float = 20.0,
        **query: object,
    ) -> Answer:
        parts = urlsplit(self._where())
        connection = http.client.HTTPConnection(parts.netloc, timeout=timeout_s)
        text = urlencode({"accountIdentifier": self.account, **query})
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        try:
            headers = {"X-API-KEY": self._key, "Content-Type": kind}
            connection.request(method, f"{path}?{text}", data, headers)
            answer = connection.getresponse()
            raw = answer.read()
        finally:
            connection.close()
        given = Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, _parsed(raw))
        self.offences.look_at(f"{method} {path}", given.status, given.headers, given.body)
        return given

    def call(self, method: str, path: str, body: object = None, **more: Any) -> Any:
        """The data of a call to our own API that has to go well."""
        return self._good(self.ask(method, f"{_OWN}{path}", body, **more), path)["data"]

    def reference(self, method: str, path: str, body: object = None, **more: Any) -> Any:
        """The same of a call of the platform's."""
        return self._good(self.ask(method, path, body, **more), path)

    def patient(self, method: str, path: str, body: object = None, *, within_s: float = 60.0, **more: Any) -> Any:
        """``call``, again and again while nobody answers or it is said to wait."""
        give_up_at = time.monotonic() + within_s
        while True:
            try:
                given = self.ask(method, f"{_OWN}{path}", body, **more)
            except BROKEN:
                if time.monotonic() > give_up_at:
                    raise
                pause(0.1)
                continue
            if given.status < 500 or time.monotonic() > give_up_at:
                return self._good(given, path)["data"]
            pause(min(float(given.headers.get("retry-after", "1")), _LONGEST_WAIT_S))

    def every(self, path: str) -> Iterator[Any]:
        """All entries of a list, page by page."""
        index = 0
        while True:
            page = self.patient("GET", path, pageIndex=index, pageSize=_PAGE)
            yield from page["content"]
            index += 1
            if index >= page["totalPages"]:
                return

    def is_up(self) -> bool:
        try:
            return self.ask("GET", f"{_OWN}/runs", pageSize=1, timeout_s=5).status == 200
        except BROKEN:
            return False

    def _good(self, given: Answer, path: str) -> Any:
        if given.status not in (200, 201):
            raise RefusedCallError(f"{path}: {given.status} {given.body}")
        return given.body


class Visitors:
    """Clients on threads that have pipelines initialised; ``accepted`` has the id of each run that was answered for."""

    def __init__(self, api: Api, pipeline: bytes, count: int = 2) -> None:
        self._api = api
        self._pipeline = pipeline
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._allowed = threading.Semaphore(0)
        self.accepted: list[str] = []
        self.broken = 0
        self.refused: list[str] = []
        self._threads = [threading.Thread(target=self._run, name=f"visitor-{n}", daemon=True) for n in range(count)]

    def allow(self, runs: int) -> None:
        """So many more."""
        self._allowed.release(runs)

    def __enter__(self) -> "Visitors":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._allowed.release(len(self._threads))
        for thread in self._threads:
            thread.join(30)

    def _run(self) -> None:
        while not self._is_over.is_set():
            self._allowed.acquire()
            while not self._is_over.is_set() and not self._is_accepted():
                pass

    def _is_accepted(self) -> bool:
        try:
            given = self._api.ask("POST", f"{_OWN}/pipelines/initialize", self._pipeline, kind="application/yaml")
        except BROKEN:
            self.broken += 1
            self._is_over.wait(0.1)
            return False
        if given.status == 200:
            with self._lock:
                self.accepted.append(given.body["data"]["id"])
            return True
        if given.status < 500:
            self.refused.append(f"{given.status} {given.body}")
        self._is_over.wait(min(float(given.headers.get("retry-after", "1")), _LONGEST_WAIT_S))
        return False


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return raw[:300]
