"""A process that copies one image and can be killed: ``copying_process.py SOURCE_URL TARGET_URL NAME CHECKPOINT_FILE``.

It goes on from the checkpoint in the file, when there is one, and keeps that file up to date.
"""

import json
import sys
from pathlib import Path

from pierhead.protocol.tasks import CopyImage, CopyTask, RegistryAccess
from pierhead.registry.transport import Transport
from pierhead.worker.execute import execute


def main(source: str, target: str, name: str, checkpoint: str) -> int:
    kept = Path(checkpoint)
    left = json.loads(kept.read_text()) if kept.exists() else None

    def keep(document: dict[str, object]) -> None:
        beside = kept.with_suffix(".new")
        beside.write_text(json.dumps(document))
        beside.replace(kept)

    image = CopyImage(
        key="k",
        source=f"{source.partition('://')[2]}/{name}",
        target=f"{target.partition('://')[2]}/{name}",
        from_registry=RegistryAccess(url=source),
        to_registry=RegistryAccess(url=target),
    )
    print("copying", flush=True)  # noqa: T201 - to the test
    with Transport() as transport:
        result = execute(CopyTask(images=(image,), checkpoint=left), transport=transport, checkpoint=keep)
    (event,) = result.images
    print(event.model_dump_json(by_alias=True), flush=True)  # noqa: T201 - to the test
    return 0 if event.state in ("copied", "present") else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
