"""Thousands of idle delegates on one server: what a held poll costs, and how they come back when all are cut off.

Run as ``python -m bench.idle_delegates [--delegates 3000] [--reconnecting 2000]``; needs a descriptor for each delegate
in this process and in the server's.
"""

import argparse
import asyncio
import json
import os
import random
import resource
import secrets
import statistics
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from pierhead.control.delegates import EnrolmentDraft
from pierhead.control.scopes import Scope
from pierhead.demo.server_process import ServerProcess
from pierhead.protocol.agent import AGENT_PATH
from pierhead.protocol.sealing import SealingKey
from pierhead.protocol.signatures import SigningKey, sign_request
from pierhead.server.bootstrap import open_application
from pierhead.server.settings import Settings

KINDS = ("pull", "testConnection", "listTags", "listRepositories", "resolve", "copy")


@dataclass
class Crowd:
    host: str
    port: int
    statuses: Counter[str] = field(default_factory=Counter)
    back_after_s: list[float] = field(default_factory=list)
    began_at: float = 0.0


class Agent:
    """Opens a session, then polls for ever; waits as long as it is told to."""

    def __init__(self, key: SigningKey, crowd: Crowd) -> None:
        self.key = key
        self.crowd = crowd
        self.session = secrets.token_hex(16)
        self.is_polling = asyncio.Event()
        self.writer: asyncio.StreamWriter | None = None

    async def run(self) -> None:
        while True:
            try:
                await self._live()
            except (OSError, asyncio.IncompleteReadError):
                self.crowd.statuses["connection lost"] += 1
                await asyncio.sleep(random.uniform(0, 1))

    def cut(self) -> None:
        self.is_polling.clear()
        if self.writer is not None:
            self.writer.transport.abort()

    async def _live(self) -> None:
        reader, self.writer = await asyncio.open_connection(self.crowd.host, self.crowd.port, limit=2**14)
        opening = {"session": self.session, "hostName": self.key.id, "version": "1", "kinds": KINDS, "capacity": 4}
        while True:
            status, wait_s = await self._say(reader, "session", opening)
            if status == 200:
                break
            await asyncio.sleep(wait_s + random.uniform(0, 1))
        while True:
            self.is_polling.set()
            self.crowd.back_after_s.append(time.monotonic() - self.crowd.began_at)
            status, wait_s = await self._say(reader, "poll", {"session": self.session, "free": 4})
            if status != 200:
                await asyncio.sleep(wait_s + random.uniform(0, 1))

    async def _say(self, reader: asyncio.StreamReader, path: str, message: object) -> tuple[int, float]:
        assert self.writer is not None
        body, target = json.dumps(message).encode(), f"{AGENT_PATH}/{path}"
        signed = sign_request(self.key, "POST", target, body, created=int(time.time()), nonce=secrets.token_urlsafe(18))
        fields = {"Host": "x", "Content-Type": "application/json", "Content-Length": str(len(body)), **signed}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self.writer.write(f"POST {target} HTTP/1.1\r\n{head}\r\n".encode() + body)
        answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        names = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in answer.split("\r\n")[1:]}
        await reader.readexactly(int(names.get("content-length", "0")))
        status = int(answer.split(" ", 2)[1])
        self.crowd.statuses[f"{path} {status}"] += 1
        return status, float(names.get("retry-after", "0"))


def rss_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def enrolled(data: Path, count: int) -> tuple[list[SigningKey], str]:
    """Delegates that the server will know, and the admin key."""
    application = open_application(Settings(data=data, is_approval_required=False), serves=False)
    try:
        _, token = application.delegate_tokens.create(Scope(application.account.id), "bench", "bench")
        keys = [SigningKey.generate() for _ in range(count)]
        sealing = SealingKey.generate().public
        for number, key in enumerate(keys):
            application.agents.enrol(
                EnrolmentDraft(
                    token=token.reveal(), name=f"d-{number % 300}", host_name=key.id, signing_key=key.public,
                    sealing_key=sealing, version="1", kinds=KINDS, capacity=4, nonce=secrets.token_urlsafe(18),
                )
            )  # fmt: skip
        assert application.first_key is not None
        return keys, application.first_key.reveal()
    finally:
        application.close()


async def all_polling(agents: list[Agent]) -> None:
    await asyncio.gather(*(agent.is_polling.wait() for agent in agents))


async def api_latency(crowd: Crowd, key: str, stop: asyncio.Event, seen: list[float]) -> None:
    """How long a person waits for a list of connectors meanwhile."""
    account = key.split(".")[1]
    path = f"/ng/api/connectors?accountIdentifier={account}"
    while not stop.is_set():
        began = time.monotonic()
        reader, writer = await asyncio.open_connection(crowd.host, crowd.port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nX-API-KEY: {key}\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        assert answer.startswith(b"HTTP/1.1 200"), answer[:200]
        seen.append(time.monotonic() - began)
        await asyncio.sleep(0.2)


async def measure(url: str, pid: int, keys: list[SigningKey], admin_key: str, reconnecting: int) -> dict[str, object]:
    parts = urlsplit(url)
    crowd = Crowd(parts.hostname or "", parts.port or 0)
    crowd.began_at = time.monotonic()
    stop, seen = asyncio.Event(), []  # type: tuple[asyncio.Event, list[float]]
    watcher = asyncio.create_task(api_latency(crowd, admin_key, stop, seen))
    await asyncio.sleep(2)
    before = rss_kib(pid)
    agents = [Agent(key, crowd) for key in keys]
    crowd.began_at = time.monotonic()
    tasks = [asyncio.create_task(agent.run()) for agent in agents]
    await asyncio.wait_for(all_polling(agents), 120)
    connected_s = time.monotonic() - crowd.began_at
    await asyncio.sleep(8)
    idle = rss_kib(pid)
    at_first = dict(crowd.statuses)

    ticks = os.sysconf("SC_CLK_TCK")

    def cpu_s() -> float:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / ticks

    used, moment = cpu_s(), time.monotonic()
    await asyncio.sleep(20)
    idle_cpu = (cpu_s() - used) / (time.monotonic() - moment)
    later = rss_kib(pid)

    crowd.statuses.clear()
    crowd.back_after_s.clear()
    seen.clear()
    crowd.began_at = time.monotonic()
    for agent in agents[:reconnecting]:
        agent.cut()
    await asyncio.wait_for(all_polling(agents[:reconnecting]), 120)
    back_s = time.monotonic() - crowd.began_at
    await asyncio.sleep(3)
    stop.set()
    await watcher
    result = {
        "delegates": len(keys),
        "rss_before_kib": before,
        "rss_idle_kib": idle,
        "rss_later_kib": later,
        "kib_per_held_poll": round((idle - before) / len(keys), 1),
        "connected_s": round(connected_s, 1),
        "answers_at_first": at_first,
        "idle_cpu_of_one": round(idle_cpu, 3),
        "reconnecting": reconnecting,
        "all_back_s": round(back_s, 1),
        "answers_at_reconnect": dict(crowd.statuses),
        "api_p50_s": round(statistics.median(seen), 3),
        "api_max_s": round(max(seen), 3),
    }
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return result


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--delegates", type=int, default=3000)
    parser.add_argument("--reconnecting", type=int, default=2000)
    given = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, given.delegates + 200)), hard))
    with tempfile.TemporaryDirectory() as directory:
        data = Path(directory) / "data"
        keys, admin_key = enrolled(data, given.delegates)
        with ServerProcess(data, Path(directory) / "server.log") as server:
            url = server.wait()
            result = asyncio.run(measure(url, server.process.pid, keys, admin_key, given.reconnecting))
            result["server_log"] = (Path(directory) / "server.log").read_text()[-1500:]
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
