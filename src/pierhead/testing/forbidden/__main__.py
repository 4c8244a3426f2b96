"""Started by ``unshare --net --mount``; its words are SEED ATTEMPTS THROUGH_THE_API DIRECTORY [unguarded].

Prints JSON: how many connections whoever must not be connected to has got, and what was answered how often.
``unguarded`` leaves the policy out, to show that the attempts would arrive.
"""

import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from pierhead.protocol.tasks import CopyResult, FailedResult, ResolveResult, Result, TestReport
from pierhead.registry.transport import Transport
from pierhead.registry.wire.judge import FREE
from pierhead.server.own_addresses import platform_policy
from pierhead.server.settings import Settings
from pierhead.testing.clock import FakeClock
from pierhead.worker.execute import execute

from .attempts import Attempts
from .names import NameServer
from .sites import PUBLIC, SERVER_PORT, EvilRegistry, Forbidden, opened
from .spellings import LOOPBACK, METADATA, PRIVATE

_LISTENER = (LOOPBACK, SERVER_PORT)


def main(seed: int, count: int, api_count: int, directory: Path, policy: str = "") -> int:
    _lay_out(directory)
    names, forbidden, evil = NameServer(), Forbidden(), EvilRegistry()
    attempts, outcomes = Attempts(seed, names, evil), Counter[str]()
    suspects: list[str] = []
    settings = Settings(data=directory / "data")
    addresses = FREE if policy == "unguarded" else platform_policy(settings, _LISTENER)
    with Transport(FakeClock(), addresses=addresses) as transport:
        for _ in range(count):
            attempt, before = attempts.next(), opened() - evil.connections
            outcomes[f"{attempt.kind}: {_outcome(execute(attempt.task, transport=transport))}"] += 1
            if opened() - evil.connections > before:
                suspects.append(str(attempt))
    statuses = _through_the_api(settings, attempts, api_count) if api_count else Counter[int]()
    unexplained = _unexplained(evil)
    shown = suspects[:20] if unexplained else []
    told = {"forbidden": forbidden.connections, "unexplained": unexplained, "evil": evil.connections}
    said = {"outcomes": dict(sorted(outcomes.items())), "statuses": dict(statuses), "suspects": shown}
    print(json.dumps(told | said), flush=True)  # noqa: T201 - to the test
    return 0


def _through_the_api(settings: Settings, attempts: Attempts, count: int) -> Counter[int]:
    from .through_the_api import Product

    statuses = Counter[int]()
    with Product(settings, _LISTENER) as product:
        for _ in range(count):
            statuses.update(product.attempt(attempts.next().access))
    return statuses


def _lay_out(directory: Path) -> None:
    """Addresses of the world, on a loopback that nobody else has, and a name server of our own."""
    for words in (
        ("ip", "link", "set", "lo", "up"),
        *(("ip", "address", "add", f"{address}/32", "dev", "lo") for address in (METADATA, PUBLIC, PRIVATE)),
        ("ip", "-6", "address", "add", "fd00:ec2::254/128", "dev", "lo"),
    ):
        subprocess.run(words, check=True, capture_output=True, timeout=10)  # noqa: S603
    resolver = directory / "resolv.conf"
    resolver.write_text(f"nameserver {LOOPBACK}\noptions timeout:1 attempts:1\n")
    subprocess.run(["mount", "--bind", str(resolver), "/etc/resolv.conf"], check=True, timeout=10)  # noqa: S603, S607


def _unexplained(evil: EvilRegistry) -> int:
    """Connections that were begun to anybody but the hostile registry, whether somebody listened there or not."""
    until = time.monotonic() + 5
    while opened() != evil.connections and time.monotonic() < until:
        time.sleep(0.05)
    return opened() - evil.connections


def _outcome(result: Result) -> str:
    match result:
        case FailedResult() | TestReport():
            return result.error.code if result.error else "good"
        case CopyResult():
            error = result.images[0].error
            return error.code if error else "good"
        case ResolveResult():
            return "good"
    return "good"


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]), *sys.argv[5:]))
