"""One image, whole process against whole process: ``pierhead image pull`` and ``skopeo copy``, into an OCI layout."""

import shutil

from .measure import Cost, Pairing, paired, run
from .report import Figure
from .world import BIG_LAYER_MIB, FIVE_LAYERS_MIB, PIERHEAD, World


def five_layers(world: World) -> list[Figure]:
    world.push("bench/five", "1", FIVE_LAYERS_MIB)
    pair = _pull(world, "bench/five", times=5)
    return [
        Figure("pull of 5 layers, 185 MB: wall", pair.wall_ratio, 0.75, detail=_seconds(pair)),
        Figure("pull of 5 layers, 185 MB: CPU", pair.cpu_ratio, 0.95, detail=_cpu(pair)),
    ]


def one_big_layer(world: World) -> list[Figure]:
    world.push("bench/big", "1", (BIG_LAYER_MIB,))
    pair = _pull(world, "bench/big", times=5)
    return [
        Figure("pull of one 1 GB layer: wall", pair.wall_ratio, 0.9, detail=_seconds(pair)),
        Figure("pull of one 1 GB layer: peak memory", pair.ours.peak_mib, 60, "MiB"),
    ]


def _pull(world: World, repository: str, times: int) -> Pairing:
    def ours() -> Cost:
        target = world.fresh() / "layout"
        command = [PIERHEAD, "image", "pull", f"{world.host}/{repository}:1", "--output", str(target), "--plain-http"]
        try:
            return run([*command, "--quiet"])
        finally:
            shutil.rmtree(target, ignore_errors=True)

    def theirs() -> Cost:
        target = world.fresh() / "layout"
        try:
            return run(world.skopeo(repository, "1", target))
        finally:
            shutil.rmtree(target, ignore_errors=True)

    return paired(ours, theirs, times)


def _seconds(pair: Pairing) -> str:
    return f"{pair.ours.wall_s:.2f} s against skopeo's {pair.theirs.wall_s:.2f} s"


def _cpu(pair: Pairing) -> str:
    return f"{pair.ours.cpu_s:.2f} s against skopeo's {pair.theirs.cpu_s:.2f} s"
