"""One image from registry to registry, whole process against whole process: ours and ``skopeo copy``.

Each copy goes to a registry of its own: what a target has is not copied again, and skopeo remembers what it has.
"""

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pierhead.testing.docker_registry import DockerRegistry

from . import copy_image
from .measure import Cost, paired, run
from .report import Figure
from .world import FIVE_LAYERS_MIB, World

_OURS = str(Path(__file__).with_name("copy_image.py"))
_SKOPEO = ("skopeo", "copy", "-q", "--insecure-policy", "--src-tls-verify=false", "--dest-tls-verify=false")


def five_layers(world: World) -> list[Figure]:
    world.push("bench/five", "1", FIVE_LAYERS_MIB)
    source = f"{world.host}/bench/five:1"
    pair = paired(
        _into_new(world, lambda host: [sys.executable, _OURS, source, f"{host}/copied/five:1"]),
        _into_new(world, lambda host: [*_SKOPEO, f"docker://{source}", f"docker://{host}/copied/five:1"]),
    )
    inside = paired(
        _into_new(world, lambda host: [source, f"{host}/copied/five:1"], _here),
        _into_new(world, lambda host: [*_SKOPEO, f"docker://{source}", f"docker://{host}/copied/five:1"]),
    )
    wall = f"{pair.ours.wall_s:.2f} s against skopeo's {pair.theirs.wall_s:.2f} s"
    cpu = f"{pair.ours.cpu_s:.2f} s against skopeo's {pair.theirs.cpu_s:.2f} s"
    return [
        Figure("copy of 5 layers, 185 MB: wall", pair.wall_ratio, 0.8, detail=wall),
        Figure("copy of 5 layers, 185 MB: CPU", pair.cpu_ratio, 0.95, detail=cpu),
        Figure("copy of 5 layers, 185 MB: peak memory", pair.ours.peak_mib, 80, "MiB"),
        Figure("the same inside a running worker: wall", inside.wall_ratio, 0.8, detail=f"{inside.ours.wall_s:.2f} s"),
    ]


def _here(arguments: list[str]) -> Cost:
    """In this process, as in a delegate that has been running for a while; its peak memory is not that of the copy."""
    began, spent = time.perf_counter(), time.process_time()
    if copy_image.main(*arguments) != 0:
        raise RuntimeError("the copy failed")
    return Cost(time.perf_counter() - began, time.process_time() - spent, 0.0)


def _into_new(
    world: World, command: Callable[[str], list[str]], go: Callable[[list[str]], Cost] = run
) -> Callable[[], Cost]:
    """The cost of the command for a target that is empty each time; starting that is not part of it."""

    def once() -> Cost:
        directory = world.fresh()
        try:
            with DockerRegistry(directory) as target:
                return go(command(target.host))
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    return once
