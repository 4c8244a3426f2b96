"""Processes that pull into one place, or die while they do: the layout is never wrong, and the next pull heals it."""

import random
import subprocess
import sys
import time

import pytest

from pierhead.testing.fake_registry import BlobFault, Then
from pierhead.testing.images import image, layer, multi_platform, noise
from pierhead.worker.runtimes.oci_layout import OciLayout

PULL = """
import sys
from pathlib import Path
from pierhead.oci.reference import Reference
from pierhead.registry.endpoint import Endpoint
from pierhead.registry.transport import Transport
from pierhead.worker.pull import ImageRequest, pull_images
from pierhead.worker.runtimes.oci_layout import OciLayout

root, host, *names = sys.argv[1:]
endpoint = Endpoint.for_reference(host, plain_http=True)
requests = [ImageRequest(name, endpoint, Reference.parse(f"{host}/{name}")) for name in names]
print("ready", flush=True)
outcomes = pull_images(requests, OciLayout(Path(root)), Transport())
for outcome in outcomes:
    print(outcome.state.value, outcome.bytes_fetched, outcome.error, flush=True)
sys.exit(not all(outcome.is_pulled for outcome in outcomes))
"""
NAMES = ("team/a:1", "team/b:1", "team/c:1")


@pytest.fixture
def images(fake, base):
    shared = [base, layer({"shared": noise(1_500_000, seed=1)})]
    for number, name in enumerate(NAMES):
        own = layer({name: noise(700_000, seed=2 + number)})
        fake.add(name[:-2], "1", image([*shared, own]) if number else multi_platform([*shared, own], "tool"))
    return fake


def start(layout: OciLayout, host: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", PULL, str(layout.root), host, *NAMES]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


def finish(process: "subprocess.Popen[str]") -> None:
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said


def assert_nothing_wrong(layout: OciLayout) -> None:
    report = layout.verify()
    assert report.problems == ()


def test_a_killed_pull_leaves_nothing_wrong_and_the_next_one_completes(images, tmp_path):
    seed = random.SystemRandom().randrange(2**32)
    sys.stderr.write(f"seed {seed}\n")
    rng = random.Random(seed)
    began = time.monotonic()
    finish(start(OciLayout(tmp_path / "timed"), images.host))
    within_s = time.monotonic() - began
    kills = 0
    for number in range(10):
        layout = OciLayout(tmp_path / str(number))
        process = start(layout, images.host)
        try:
            process.wait(rng.uniform(0, within_s))
            within_s *= 0.6  # what took long while others used the machine may be quick now
        except subprocess.TimeoutExpired:
            kills += 1
        process.kill()
        process.wait()
        process.stdout.close()
        assert_nothing_wrong(layout)
        finish(start(layout, images.host))
        assert_nothing_wrong(layout)
        assert len(layout.images()) == len(NAMES)
    assert kills > 0


def test_a_pull_killed_amid_a_blob_is_taken_up_by_the_next_one(images, tmp_path, base):
    seed = random.SystemRandom().randrange(2**32)
    sys.stderr.write(f"seed {seed}\n")
    blob = layer({"shared": noise(1_500_000, seed=1)})
    fault = BlobFault(Then.HOLD, after_bytes=random.Random(seed).randrange(400_000, 1_400_000))
    images.faults.hit_blob(blob.digest, fault)
    layout = OciLayout(tmp_path / "layout")
    process = start(layout, images.host)
    assert fault.reached.wait(30)
    process.kill()
    process.wait()
    process.stdout.close()
    assert not layout.blobs.has(blob.digest)
    assert_nothing_wrong(layout)
    left = sum(path.stat().st_size for path in layout.blobs.partials.glob(f"*{blob.digest.encoded}"))
    images.forget_requests()
    finish(start(layout, images.host))
    assert_nothing_wrong(layout)
    (asked,) = [seen.range for seen in images.requests if seen.target == str(blob.digest)]
    assert asked == (f"bytes={left}-" if left else "")


def test_processes_that_pull_the_same_images_at_once_share_the_work(images, tmp_path):
    layout = OciLayout(tmp_path / "layout")
    processes = [start(layout, images.host) for _ in range(3)]
    for process in processes:
        finish(process)
    assert_nothing_wrong(layout)
    assert len(layout.images()) == len(NAMES)
    blobs = [seen.target for seen in images.requests if seen.kind == "blobs"]
    assert len(blobs) == len(set(blobs))
    assert list(layout.blobs.partials.iterdir()) == []
