"""A registry of its own process, for a room of the demo's network that only one delegate reaches.

Run as ``python -m pierhead.demo.vault ADDRESS BYTES_PER_S``: prints ``host:port`` and serves until its input ends, so
that it never outlives whoever started it.
"""

import sys

from pierhead.testing.fake_registry import FakeRegistry
from pierhead.testing.images import layer, multi_platform, noise
from pierhead.testing.relay import SlowRelay

from .content import demo_images

HEAVY = "vault/toolchain:7"
HEAVY_BYTES = 24 * 1024 * 1024


def main(address: str, bytes_per_s: float) -> None:
    with FakeRegistry() as registry, SlowRelay(registry.host, bytes_per_s, listen=address) as line:
        demo_images().push(registry.add)
        repository, _, tag = HEAVY.rpartition(":")
        registry.add(repository, tag, multi_platform([layer({"opt/toolchain": noise(HEAVY_BYTES, 7)})], "toolchain"))
        sys.stdout.write(f"{line.host}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
