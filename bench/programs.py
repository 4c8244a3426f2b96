"""What the programs cost before they do any work, and how quick the rules are in process."""

import gc
import time
from pathlib import Path
from statistics import median, quantiles

from pierhead.kit.clock import SystemClock
from pierhead.server.bootstrap import open_application
from pierhead.server.settings import Settings

from .measure import run
from .report import Figure
from .world import PIERHEAD, World, serving

_STAGE = """\
    - stage:
        identifier: s{n}
        type: CI
        spec:
          cloneCodebase: true
          infrastructure:
            type: KubernetesDirect
            spec: {{connectorRef: account.cluster, namespace: builds}}
          execution:
            steps:
              - step: {{identifier: t, type: Run, spec: {{connectorRef: account.harnessImage, image: "golang:1.2{n}"}}}}
              - step: {{identifier: p, type: BuildAndPushDockerRegistry, spec: {{connectorRef: account.harnessImage}}}}
"""


def start(world: World) -> list[Figure]:
    help_s = median(run([PIERHEAD, "--help"]).wall_s for _ in range(9))
    data = world.fresh()
    starts, idle = [], 0.0
    for _ in range(5):
        with serving(data) as server:
            starts.append(server.start_s)
            idle = server.resident_mib
    return [
        Figure("pierhead --help", help_s, 0.25, "s"),
        Figure("server start to first answer", median(starts), 2.5, "s"),
        Figure("server idle memory", idle, 130, "MiB"),
    ]


def explain(world: World) -> list[Figure]:
    application = open_application(Settings(data=Path(world.fresh())), clock=SystemClock())
    try:
        raw = ("pipeline:\n  identifier: p\n  stages:\n" + "".join(_STAGE.format(n=n) for n in range(20))).encode()
        scope = application.scope
        times, again, images = [], [], 0
        gc.freeze()  # as the server does
        for n in range(600):
            text = raw if n % 2 else raw + f"# {n}\n".encode()  # every other text was not seen before
            started = time.perf_counter()
            plan = application.runs.explain(text, scope)
            (again if n % 2 else times).append(time.perf_counter() - started)
            images = sum(len(stage.images) for stage in plan.stages)
    finally:
        application.close()
    detail = f"median {median(times) * 1000:.2f} ms, {images} images, parsing and store look-ups included"
    return [
        Figure("explain of 20 stages never seen before, p99", _p99(times) * 1000, 5, "ms", detail),
        Figure("explain of 20 stages seen before, p99", _p99(again) * 1000, 5, "ms"),
        Figure("resolution of one image", median(times) / images * 1e6, 100, "us"),
    ]


def _p99(times: list[float]) -> float:
    return quantiles(times, n=100)[98]
