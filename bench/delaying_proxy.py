"""A proxy on loopback behind which a peer seems far away: ``delaying_proxy.py HOST:PORT DELAY_MS``. Prints its port.

Every piece of every connection comes that much later, in each direction: a round trip takes twice ``DELAY_MS``, and a
new connection half of that for itself.
"""

import asyncio
import sys


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay_s: float) -> None:
    """In order, each piece on its own time: a delay is no limit to what is under way."""
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def deliver() -> None:
        while True:
            due, data = await waiting.get()
            await asyncio.sleep(due - loop.time())
            if not data:
                break
            writer.write(data)
            await writer.drain()
        writer.close()

    delivery = asyncio.create_task(deliver())
    try:
        while data := await reader.read(1 << 16):
            waiting.put_nowait((loop.time() + delay_s, data))
    except ConnectionError:
        pass
    waiting.put_nowait((loop.time() + delay_s, b""))
    try:
        await delivery
    except ConnectionError:
        writer.close()


async def main(upstream: str, delay_ms: float) -> None:
    host, _, port = upstream.partition(":")

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(delay_ms / 1000)
        there, back = await asyncio.open_connection(host, int(port))
        await asyncio.gather(_carry(reader, back, delay_ms / 1000), _carry(there, writer, delay_ms / 1000))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
