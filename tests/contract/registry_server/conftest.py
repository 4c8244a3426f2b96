import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pierhead.testing.docker_registry import PROGRAM, DockerRegistry
from pierhead.testing.fake_registry import FakeRegistry
from pierhead.testing.peers import require_program


class Client:
    """Bare HTTP on one connection, so that keep-alive is judged too."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)

    def __call__(self, method, path, body=b"", headers=None):
        self._connection.request(method, path, body, headers or {})
        answer = self._connection.getresponse()
        answer.body = answer.read()
        return answer

    def status(self, path, headers):
        """Without the body, for docker-registry sends one shorter than announced with 416."""
        self._connection.request("GET", path, headers=headers)
        status = self._connection.getresponse().status
        self._connection.close()
        return status

    def upload(self, repository, digest, data):
        location = urlsplit(self("POST", f"/v2/{repository}/blobs/uploads/").headers["Location"])
        target = f"{location.path}?{location.query}&digest={digest}"
        return self("PUT", target, data, {"Content-Type": "application/octet-stream"})

    def break_off(self, method, path, data, promised):
        """Sends less than promised and goes away."""
        origin = urlsplit(self.url)
        with socket.create_connection((origin.hostname, origin.port), 30) as sock:
            head = f"{method} {path} HTTP/1.1\r\nHost: {origin.netloc}\r\nContent-Length: {promised}\r\n\r\n"
            sock.sendall(head.encode() + data)

    def error_code(self, answer):
        return json.loads(answer.body)["errors"][0]["code"]

    def close(self) -> None:
        self._connection.close()


@pytest.fixture(scope="module", params=["fake", "docker-registry"])
def registry_url(request, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "fake":
        with FakeRegistry() as fake:
            yield fake.url
        return
    require_program(PROGRAM)
    directory: Path = tmp_path_factory.mktemp("docker-registry")
    with DockerRegistry(directory) as real:
        yield real.url


@pytest.fixture
def send(registry_url: str) -> Iterator[Client]:
    client = Client(registry_url)
    yield client
    client.close()
