"""A registry that answers questions about tags and does nothing else, quickly: ``tag_server.py COUNT``.

One repository, ``bench/tags``, with the tags ``1.0.0`` to ``1.0.COUNT-1``. Prints its port. The figures are to be those
of who asks, so the server must not be what is waited for.
"""

import asyncio
import hashlib
import json
import sys

_TYPE = "application/vnd.oci.image.manifest.v1+json"
_PAGE = 1000


class _Connection(asyncio.Protocol):
    def __init__(self, count: int) -> None:
        self._count = count
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._rest += data
        while b"\r\n\r\n" in self._rest:
            head, _, self._rest = self._rest.partition(b"\r\n\r\n")
            method, target, _ = head.partition(b"\r\n")[0].decode().split(" ")
            self._transport.write(self._answer(method, target))

    def _answer(self, method: str, target: str) -> bytes:
        path, _, query = target.partition("?")
        if path.endswith("/tags/list"):
            return self._page(path, dict(part.split("=") for part in query.split("&") if part))
        digest = hashlib.sha256(path.encode()).hexdigest()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {_TYPE}\r\nContent-Length: 1000\r\n"
        assert method == "HEAD"
        return f"{head}Docker-Content-Digest: sha256:{digest}\r\n\r\n".encode()

    def _page(self, path: str, query: dict[str, str]) -> bytes:
        start = int(query.get("last", "0"))
        size = min(int(query.get("n", _PAGE)), _PAGE)
        end = min(start + size, self._count)
        tags = [f"1.0.{number}" for number in range(start, end)]
        body = json.dumps({"name": "bench/tags", "tags": tags}).encode()
        link = f'Link: <{path}?last={end}&n={size}>; rel="next"\r\n' if end < self._count else ""
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{link}\r\n"
        return head.encode() + body


async def main(count: int) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(count), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
