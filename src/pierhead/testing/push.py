"""Pushes built images over HTTP, to the fake registry and to real ones alike; for tests, demo and benchmarks.

It trusts where it is sent: not for registries of other people.
"""

import base64
import http.client
from collections.abc import Mapping
from urllib.parse import urlsplit

from pierhead.oci.digest import Digest

from .images import Content, Image


class PushFailedError(Exception):
    """The registry refused; tests and demo have nothing to do about it but show it."""


def basic(user: str, password: str) -> str:
    """The Authorization header for a user."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def push_image(url: str, repository: str, tag: str, image: Image, *, authorization: str = "") -> Digest:
    """Pushes to ``url`` (``http://host:port``): blobs that are not there, manifests, at last the tag."""
    connection = _Connection(url, authorization)
    for digest, content in image.blobs.items():
        _push_blob(connection, repository, digest, content)
    for descriptor, raw in image.documents:
        target = f"/v2/{repository}/manifests/{descriptor.digest}"
        connection.send("PUT", target, 201, raw, {"Content-Type": descriptor.media_type})
    head = {"Content-Type": image.descriptor.media_type}
    connection.send("PUT", f"/v2/{repository}/manifests/{tag}", 201, image.raw, head)
    connection.close()
    return image.descriptor.digest


def _push_blob(connection: "_Connection", repository: str, digest: Digest, content: Content) -> None:
    if connection.request("HEAD", f"/v2/{repository}/blobs/{digest}").status == 200:
        return
    started = connection.send("POST", f"/v2/{repository}/blobs/uploads/", 202)
    location = urlsplit(started.headers["Location"])
    joint = "&" if location.query else "?"
    target = f"{location.path}?{location.query}{joint}digest={digest}".replace("??", "?")
    size = len(content) if isinstance(content, bytes) else content.stat().st_size
    head = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
    connection.send("PUT", target, 201, content, head)


class _Connection:
    def __init__(self, url: str, authorization: str) -> None:
        origin = urlsplit(url)
        self._http = http.client.HTTPConnection(origin.hostname or "", origin.port, timeout=120)
        self._headers = {"Authorization": authorization} if authorization else {}

    def send(
        self, method: str, target: str, wanted: int, body: Content = b"", headers: Mapping[str, str] | None = None
    ) -> http.client.HTTPResponse:
        answer = self.request(method, target, body, headers)
        if answer.status != wanted:
            raise PushFailedError(f"{method} {target}: {answer.status} {self.text[:300]!r}")
        return answer

    def request(
        self, method: str, target: str, body: Content = b"", headers: Mapping[str, str] | None = None
    ) -> http.client.HTTPResponse:
        sent = {**self._headers, **(headers or {})}
        if isinstance(body, bytes):
            self._http.request(method, target, body, sent)
        else:
            with body.open("rb") as file:
                self._http.request(method, target, file, sent)
        answer = self._http.getresponse()
        self.text = answer.read()
        return answer

    def close(self) -> None:
        self._http.close()
