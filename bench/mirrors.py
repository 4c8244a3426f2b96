"""Many images from registry to registry: ours in one process, against ``skopeo sync`` and ``skopeo copy``."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from pierhead.protocol.tasks import RegistryAccess, SurveyRepository, SurveyRules, SurveyTask
from pierhead.registry.client import RegistryClient
from pierhead.registry.endpoint import Endpoint
from pierhead.registry.transport import Transport
from pierhead.testing.docker_registry import DockerRegistry
from pierhead.testing.images import image, layer, multi_platform
from pierhead.testing.push import push_image
from pierhead.worker.execute import execute

from .counting_proxy import CountingProxy
from .measure import Cost, paired, run, together
from .report import Figure
from .world import World

_HERE = Path(__file__).parent
_TLS = ("--src-tls-verify=false", "--dest-tls-verify=false")
_TEN_MIB = (30, 20, 10, 12)
_SMALL = 200
_DELAY_MS = 10.0
_TAGS = 10_000
_TIMES = 3


def ten_images(world: World) -> list[Figure]:
    """Ten images of 72 MB, of which three layers are the same."""
    names = [f"bench/mirror:{number}" for number in range(10)]
    for number in range(10):
        world.push("bench/mirror", str(number), _TEN_MIB, number, shared=3)
    ours = _into_new(world, lambda host: run(_ours(world.host, host, names)))
    sync = _into_new(world, lambda host: run(_sync(f"{world.host}/bench/mirror", f"{host}/bench")))
    each = _into_new(world, lambda host: together([_copy(world.host, host, name) for name in names]))
    against_sync, against_each = paired(ours, sync, times=_TIMES), paired(ours, each, times=_TIMES)
    wall = f"{against_sync.ours.wall_s:.2f} s against {against_sync.theirs.wall_s:.2f} s"
    alone = f"{against_each.ours.wall_s:.2f} s against {against_each.theirs.wall_s:.2f} s"
    return [
        Figure(
            "mirror of 10 images that share layers, against skopeo sync: wall", against_sync.wall_ratio, 0.9, "x", wall
        ),
        Figure("the same, against one skopeo copy for each: wall", against_each.wall_ratio, 0.5, "x", alone),
        Figure("the same: peak memory", against_sync.ours.peak_mib, 80, "MiB"),
    ]


def far_away(world: World) -> list[Figure]:
    """Small images, with both registries a round trip of 20 ms away; each side once: skopeo takes its time."""
    tags = [f"1.0.{number}" for number in range(_SMALL)]
    base = layer({"base": "base" * 1000})
    for tag in tags:
        push_image(world.registry.url, "bench/small", tag, image([base, layer({"tag": tag * 50})]))
    names = [f"bench/small:{tag}" for tag in tags]
    with _target(world) as (_, mine), _target(world) as (_, other), _far(world.host) as source:
        ours = [run(_ours(source, mine, names)) for _ in range(2)]
        sync = _sync(f"{source}/bench/small", f"{other}/bench")
        theirs = [run(sync) for _ in range(2)]
        survey_s = _surveyed(f"http://{source}", tags)
    first, again = ours[0].wall_s / theirs[0].wall_s, ours[1].wall_s / theirs[1].wall_s
    return [
        Figure("mirror of 200 small images at 20 ms: wall", first, 0.08, "x", _both(ours[0], theirs[0])),
        Figure("the same again without a ledger, both sides asked: wall", again, 0.05, "x", _both(ours[1], theirs[1])),
        Figure(
            "the same again with a ledger, the source asked: wall",
            survey_s / theirs[1].wall_s,
            0.02,
            "x",
            f"{survey_s:.2f} s in a worker",
        ),
        Figure("mirror of 200 small images at 20 ms: peak memory", ours[0].peak_mib, 80, "MiB"),
    ]


def nothing_to_do(world: World) -> list[Figure]:
    """Ten tags of two platforms that are there already: what a pass asks, with the ledger and without it."""
    tags = [f"2.0.{number}" for number in range(10)]
    for tag in tags:
        push_image(world.registry.url, "bench/idle", tag, multi_platform([layer({"tag": tag})], "tool"))
    names = [f"bench/idle:{tag}" for tag in tags]
    with _target(world, delay_ms=None) as (target, _), CountingProxy(world.host) as source:
        run(_ours(world.host, target, names))
        with CountingProxy(target) as counted:
            run(_ours(source.host, counted.host, names))
            both = {"source": dict(source.counts), "target": dict(counted.counts)}
            source.forget()
            counted.forget()
            took_s = _surveyed(f"http://{source.host}", tags, "bench/idle")
            heads = source.counts["HEAD manifests"]
            others = source.counts.total() - heads + counted.counts.total()
        skopeo_s = median(run(_sync(f"{world.host}/bench/idle", f"{target}/bench", "--all")).wall_s for _ in range(3))
    asked = sum(both["source"].values()), sum(both["target"].values())
    return [
        Figure(
            "nothing to do, 10 tags x 2: HEAD at the source", heads, 10, "HEAD", f"{took_s * 1000:.0f} ms in a worker"
        ),
        Figure("the same: other requests, and any at the target", others, 0, "requests"),
        Figure("the same without a ledger: requests at the source", asked[0], 10, "requests"),
        Figure("the same without a ledger: requests at the target", asked[1], 10, "requests"),
        Figure("the same: wall, against skopeo sync --all", took_s / skopeo_s, 0.2, "x", f"skopeo {skopeo_s:.2f} s"),
    ]


def ten_thousand_tags(_: World) -> list[Figure]:
    with _program("tag_server.py", str(_TAGS)) as port:
        url = f"http://127.0.0.1:{port}"
        took = [_surveyed(url, None, "bench/tags") for _ in range(3)]
        first = [_first_page(url) for _ in range(5)]
    return [
        Figure("digests of 10,000 tags, list and all", median(took), 4, "s", f"{_TAGS / median(took):,.0f} tags/s"),
        Figure("first page of 10,000 tags", median(first) * 1000, 50, "ms"),
    ]


def _first_page(url: str) -> float:
    with Transport() as transport:
        began = time.perf_counter()
        next(RegistryClient(Endpoint.for_url(url), transport).list_tags("bench/tags"))
        return time.perf_counter() - began


def _surveyed(url: str, tags: Sequence[str] | None, repository: str = "bench/small") -> float:
    """Seconds for the digests of ``tags``, of all when None, inside a running worker."""
    rules = SurveyRules(globs=("*",)) if tags is None else SurveyRules(exact=tuple(tags))
    wanted = SurveyRepository(repository=repository, rules=rules)
    with Transport() as transport:
        began = time.perf_counter()
        result = execute(SurveyTask(registry=RegistryAccess(url=url), repositories=(wanted,)), transport=transport)
        took_s = time.perf_counter() - began
    if result.kind != "survey" or any(tag.digest is None for tag in result.repositories[0].tags):
        raise RuntimeError(f"the survey failed: {result}")
    return took_s


def _ours(source: str, target: str, names: Sequence[str]) -> list[str]:
    return [sys.executable, str(_HERE / "copy_many.py"), source, target, *names]


def _sync(source: str, target: str, *options: str) -> list[str]:
    return [
        "skopeo",
        "--insecure-policy",
        "sync",
        *options,
        *_TLS,
        "--src",
        "docker",
        "--dest",
        "docker",
        source,
        target,
    ]


def _copy(source: str, target: str, name: str) -> list[str]:
    return [
        "skopeo",
        "copy",
        "-q",
        "--insecure-policy",
        *_TLS,
        f"docker://{source}/{name}",
        f"docker://{target}/{name}",
    ]


def _into_new(world: World, go: Callable[[str], Cost]) -> Callable[[], Cost]:
    """For a target that is empty each time; starting that is not part of it."""

    def once() -> Cost:
        with _target(world, delay_ms=None) as (host, _):
            return go(host)

    return once


@contextmanager
def _target(world: World, delay_ms: float | None = _DELAY_MS) -> Iterator[tuple[str, str]]:
    """A new registry: where it is, and where it seems far away."""
    directory = world.fresh()
    try:
        with DockerRegistry(directory) as registry:
            if delay_ms is None:
                yield registry.host, registry.host
            else:
                with _far(registry.host) as far:
                    yield registry.host, far
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _far(host: str) -> Iterator[str]:
    with _program("delaying_proxy.py", host, str(_DELAY_MS)) as port:
        yield f"127.0.0.1:{port}"


@contextmanager
def _program(name: str, *arguments: str) -> Iterator[str]:
    """Runs beside us, so that it does not share our interpreter; what it prints first is its port."""
    process = subprocess.Popen(
        [sys.executable, str(_HERE / name), *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)


def _both(ours: Cost, theirs: Cost) -> str:
    return f"{ours.wall_s:.2f} s against skopeo's {theirs.wall_s:.2f} s"
