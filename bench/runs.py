"""``pierhead init`` of twelve catalogue images that share layers, against one ``skopeo copy`` for each in turn."""

import json
import shutil
import subprocess
from pathlib import Path
from statistics import median

from .counting_proxy import CountingProxy
from .measure import Cost, run, together
from .report import Figure
from .world import IMAGES, World, pierhead, serving

_STEPS = (
    "BuildAndPushDockerRegistry", "BuildAndPushECR", "BuildAndPushGCR", "GCSUpload", "S3Upload", "ArtifactoryUpload",
    "SaveCacheGCS", "BuildAndPushACR", "BuildAndPushGAR",
)  # fmt: skip
_TIMES = 5


def twelve_images(world: World) -> list[Figure]:
    tags = _fill(world)
    pipeline = world.directory / "pipeline.yaml"
    pipeline.write_text(_pipeline())
    fresh, again, inner, theirs, theirs_again = [], [], [], [], []
    for _ in range(_TIMES):
        mine = _ours(world, pipeline, world.host)
        fresh.append(mine[0]), again.append(mine[1]), inner.append(mine[2])
        target = world.fresh() / "layout"
        loop = [world.skopeo(repository, tag, target) for repository, tag in tags.items()]
        theirs.append(together(loop)), theirs_again.append(together(loop))
        shutil.rmtree(target, ignore_errors=True)
    first = median(mine.wall_s / other.wall_s for mine, other in zip(fresh, theirs, strict=True))
    second = median(mine.wall_s / other.wall_s for mine, other in zip(again, theirs_again, strict=True))
    served = median(mine / other.wall_s for mine, other in zip(inner, theirs_again, strict=True))
    return [
        Figure("init of 12 images: wall", first, 0.5, detail=_both(fresh, theirs)),
        Figure("the same again: wall, whole command", second, 0.15, detail=_both(again, theirs_again)),
        Figure("the same again: wall, inside the server", served, 0.15, detail=f"{median(inner) * 1000:.0f} ms"),
        *_requests(world, pipeline),
    ]


def _ours(world: World, pipeline: Path, host: str) -> tuple[Cost, Cost, float]:
    """The first run, the second one, and how long the second took by the server's own account."""
    data = world.fresh()
    with serving(data):
        _point(data, host)
        command = [*pierhead(data, "init", str(pipeline)), "--quiet"]
        first, second = run(command), run(command)
        runs = json.loads(subprocess.check_output([*pierhead(data, "run", "list"), "--json"]))
        newest = runs["content"][0]
    shutil.rmtree(data, ignore_errors=True)
    return first, second, (newest["finishedAt"] - newest["createdAt"]) / 1000


def _requests(world: World, pipeline: Path) -> list[Figure]:
    data = world.fresh()
    with CountingProxy(world.host) as proxy, serving(data):
        _point(data, proxy.host)
        command = [*pierhead(data, "init", str(pipeline)), "--quiet"]
        run(command)
        most = max(proxy.blobs.values())
        proxy.forget()
        run(command)
        heads, gets = (
            proxy.counts["HEAD manifests"],
            sum(n for what, n in proxy.counts.items() if what.startswith("GET")),
        )
    return [
        Figure("init of 12 images: fetches of the most fetched blob", most, 1, "GET"),
        Figure("the same again: HEAD for each tag", heads / len(IMAGES), 1, "HEAD"),
        Figure("the same again: GET", gets, 0, "GET"),
    ]


def _fill(world: World) -> dict[str, str]:
    """Twelve images of 72 MB: three layers that all share, and one of their own; tags are the catalogue's defaults."""
    defaults = _defaults(world)
    tags = {repository: defaults[repository] for repository in IMAGES}
    for seed, (repository, tag) in enumerate(tags.items()):
        world.push(repository, tag, (30, 20, 10, 12), seed, shared=3)
    return tags


def _defaults(world: World) -> dict[str, str]:
    answer = subprocess.check_output([*pierhead(world.fresh(), "image", "defaults"), "--json"])
    found: dict[str, str] = {}
    for image in json.loads(answer).values():
        repository, _, tag = image.rpartition(":")
        found.setdefault(repository, tag)  # the variants of an image come after it
    return found


def _point(data: Path, host: str) -> None:
    document = data / "harness-image.yaml"
    document.write_text(
        "connector: {name: Harness Docker Connector, identifier: harnessImage, type: DockerRegistry, spec: "
        f"{{dockerRegistryUrl: 'http://{host}', providerType: Other, auth: {{type: Anonymous}}, "
        "executeOnDelegate: false, ignoreTestConnection: true}}\n"
    )
    subprocess.run(pierhead(data, "connector", "apply", "-f", str(document)), check=True, stdout=subprocess.DEVNULL)


def _pipeline() -> str:
    steps = "".join(f"          - step: {{identifier: s{n}, type: {kind}}}\n" for n, kind in enumerate(_STEPS))
    return f"""\
pipeline:
  identifier: bench
  stages:
    - stage:
        identifier: build
        type: CI
        spec:
          cloneCodebase: true
          infrastructure:
            type: KubernetesDirect
            spec: {{connectorRef: account.cluster, namespace: builds, imagePullPolicy: Always}}
          execution:
            steps:
{steps.replace("          - ", "              - ")}"""


def _both(ours: list[Cost], theirs: list[Cost]) -> str:
    mine, other = median(cost.wall_s for cost in ours), median(cost.wall_s for cost in theirs)
    return f"{mine:.2f} s against skopeo's {other:.2f} s"
