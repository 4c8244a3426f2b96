"""Copies one image between two registries over plain http, as a delegate does: ``copy_image.py SOURCE TARGET``."""

import sys

from pierhead.oci.reference import Reference
from pierhead.registry.endpoint import Endpoint
from pierhead.registry.transport import Transport
from pierhead.worker.copying import CopyProgress, CopyRequest, copy_images


def main(source: str, target: str) -> int:
    ends = [Reference.parse(text) for text in (source, target)]
    here, there = (Endpoint.for_url(f"http://{end.registry}") for end in ends)
    with Transport() as transport:
        (outcome,) = copy_images([CopyRequest("copy", here, ends[0], there, ends[1])], transport, _unheard)
    if outcome.error is not None:
        print(outcome.error, file=sys.stderr)
    return 0 if outcome.state == "copied" else 1


def _unheard(progress: CopyProgress) -> None:
    pass


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
