"""Half a request cannot hold a connection for ever."""

import asyncio

import pytest
import uvicorn

from pierhead.server import patience
from pierhead.server.patience import PatientProtocol


async def _app(scope, receive, send) -> None:
    await receive()
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


@pytest.mark.parametrize(
    "sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"]
)
def test_a_client_that_stops_in_the_middle_of_a_request_is_let_go(monkeypatch, sent: bytes) -> None:
    monkeypatch.setattr(patience, "REQUEST_WITHIN_S", 0.05)

    async def scenario() -> None:
        config = uvicorn.Config(_app, log_config=None, lifespan="off", http=PatientProtocol)
        config.load()
        state = uvicorn.server.ServerState()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: PatientProtocol(config, state, {}), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(sent)
        await asyncio.wait_for(reader.read(), timeout=10)
        assert reader.at_eof()
        writer.close()
        server.close()

    asyncio.run(scenario())
