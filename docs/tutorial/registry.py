"""A throw-away registry on this machine's loopback, with small images under the names of the catalogue.

For the README and the tutorial, where no real registry is at hand: `python docs/tutorial/registry.py`. It prints a line
to paste into another terminal, holds everything in memory, and is gone after Ctrl-C.
"""

import contextlib
import sys
import threading

from pierhead.control.catalogue import Catalogue, Infra
from pierhead.testing.fake_registry import FakeRegistry
from pierhead.testing.images import layer, multi_platform, noise

KIB = 1024


def fill(registry: FakeRegistry) -> None:
    """Every default image of every release line: two platforms each, on a base layer that all share."""
    catalogue = Catalogue.load()
    defaults = {
        image for line in catalogue.lines() for infra in Infra for image in catalogue.defaults(infra, line).values()
    }
    scanners = {scanner.image for scanner in catalogue.scanners.values()}
    base = layer({"etc/os-release": "ID=tutorial\n", "usr/lib/base": noise(512 * KIB)})
    for seed, image in enumerate(sorted(defaults | scanners), 1):
        repository, _, tag = image.rpartition(":")
        program = repository.rpartition("/")[2]
        own = layer({f"usr/lib/{program}": noise(48 * KIB, seed)})
        registry.add(repository, tag, multi_platform([base, own], program))


def main() -> None:
    with FakeRegistry() as registry:
        fill(registry)
        sys.stdout.write(f"export REGISTRY={registry.url}\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
