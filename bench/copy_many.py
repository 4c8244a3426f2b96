"""Copies many images between two registries over plain http, as a mirror does: ``copy_many.py FROM TO NAME...``."""

import sys

from pierhead.oci.reference import Reference
from pierhead.registry.endpoint import Endpoint
from pierhead.registry.transport import Transport
from pierhead.worker.copying import CopyProgress, CopyRequest, copy_images


def main(source: str, target: str, *names: str) -> int:
    here, there = (Endpoint.for_url(f"http://{host}") for host in (source, target))
    requests = [
        CopyRequest(name, here, Reference.parse(f"{source}/{name}"), there, Reference.parse(f"{target}/{name}"))
        for name in names
    ]
    with Transport() as transport:
        outcomes = copy_images(requests, transport, _unheard)
    for outcome in outcomes:
        if outcome.error is not None:
            print(outcome.error, file=sys.stderr)
    return 1 if any(outcome.error for outcome in outcomes) else 0


def _unheard(progress: CopyProgress) -> None:
    pass


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
