import signal
from pathlib import Path

import pytest

from pierhead.demo.content import MISSING_PIN, demo_images
from pierhead.testing.fake_registry import BlobFault, Then
from pierhead.worker.runtimes.oci_layout import OciLayout


def sound_layout(path: Path) -> OciLayout:
    layout = OciLayout(path)
    report = layout.verify()
    assert report.is_sound, report.problems
    return layout


def hold_a_blob(registry) -> BlobFault:
    """The base layer that every image of the demo shares hangs half-way."""
    base = max(((digest, blob) for each in demo_images().images.values() for digest, blob in each.blobs.items()),
               key=lambda pair: len(pair[1]))[0]  # fmt: skip
    return registry.faults.hit_blob(base, BlobFault(Then.HOLD, after_bytes=1000, times=100))


@pytest.mark.parametrize("has_server", [False, True], ids=["on-the-data-directory", "by-a-server"])
def test_a_pipelines_images_end_verified_in_the_layout_that_was_asked_for(prepared, registry, has_server) -> None:
    server = prepared.server() if has_server else None
    try:
        if server:
            server.wait()
        done = prepared.run("init", "pipeline.yaml", "--output", "out")
    finally:
        if server:
            server.stop()
    assert done.code == 0, done.err
    rows = done.out.splitlines()
    assert rows[0].split()[:2] == ["STAGE", "IMAGE"]
    assert any("stage override" in row and "account.mirror" in row for row in rows)
    assert any("account default" in row and "account.harnessImage" in row for row in rows)
    layout = sound_layout(prepared.root / "out")
    assert {image.name for image in layout.images()} == {f"{registry.host}/{name}" for name in _needed()}


def _needed() -> set[str]:
    fields = {"harness/sto-plugin"}  # pushed to the registry, but no step of the pipeline needs it
    return {name for name in demo_images().images if name.partition(":")[0] not in fields}


def test_the_run_as_json_is_what_run_get_gives_later(prepared) -> None:
    with prepared.server() as server:
        server.wait()
        done = prepared.run("init", "pipeline.yaml", "--stage", "build", "--json")
        assert (done.code, done.json["state"]) == (0, "succeeded")
        assert [stage["identifier"] for stage in done.json["stages"]] == ["build"]
        assert prepared.run("run", "get", done.json["id"], "--json").json == done.json
        assert prepared.run("run", "list", "--json").json["content"][0]["id"] == done.json["id"]


def test_the_second_run_fetches_no_bytes(prepared, registry) -> None:
    prepared.prepare("init", "pipeline.yaml")
    registry.forget_requests()
    again = prepared.run("init", "pipeline.yaml", "--json").json
    images = [image for stage in again["stages"] for image in stage["images"]]
    assert {image["state"] for image in images} == {"present"}
    assert registry.count("GET") == 0


def test_a_missing_tag_fails_its_image_and_only_that(prepared) -> None:
    prepared.prepare("image", "pin", MISSING_PIN, "--force", "--reason", "to see it fail")
    done = prepared.run("init", "pipeline.yaml", "--stage", "build")
    assert done.code == 1
    told = done.out[done.out.index("failed in stage build") :]
    for part in ("cause  ", "connector account.harnessImage", "exchange  ", "-> 404", "remedy  "):
        assert part in told
    assert "harness/drone-git:99.0.0" in done.out
    assert done.out.count(" pulled\n") >= 3
    prepared.prepare("image", "reset", "gitCloneTag")
    prepared.prepare("init", "pipeline.yaml", "--stage", "build")


@pytest.mark.parametrize("has_server", [False, True], ids=["on-the-data-directory", "by-a-server"])
def test_ctrl_c_cancels_the_run(prepared, registry, has_server) -> None:
    held = hold_a_blob(registry)
    server = prepared.server() if has_server else None
    try:
        if server:
            server.wait()
        process = prepared.start("init", "pipeline.yaml", "--stage", "build", "--json")
        assert held.reached.wait(30)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    finally:
        if server:
            server.stop()
    assert process.returncode == 130
    assert "cancelling the run" in err
    assert "Traceback" not in err
    assert prepared.run("run", "list", "--json").json["content"][0]["state"] == "cancelled"


def test_a_run_left_to_the_server_can_be_watched(prepared) -> None:
    with prepared.server() as server:
        server.wait()
        started = prepared.run("init", "pipeline.yaml", "--no-wait")
        assert started.code == 0
        watched = prepared.run("run", "watch", started.out.strip())
    assert watched.code == 0
    assert "stage override" in watched.out


def test_explain_gives_the_same_with_and_without_a_server_and_asks_no_registry(prepared, registry) -> None:
    without = prepared.run("explain", "pipeline.yaml", "--json")
    with prepared.server() as server:
        server.wait()
        with_server = prepared.run("explain", "pipeline.yaml", "--json")
    assert without.code == with_server.code == 0
    assert without.json == with_server.json
    assert registry.count() == 0
    reasons = without.json["stages"][1]["images"][0]["connector"]["trail"]
    assert any(reason["chosen"] for reason in reasons)


def test_a_broken_pipeline_is_told_with_line_and_column(prepared) -> None:
    prepared.write("broken.yaml", "pipeline:\n  stages:\n    - stage: [\n")
    done = prepared.run("explain", "broken.yaml")
    assert done.code == 2
    assert "line 4" in done.err


def test_a_stage_connector_that_is_not_there_fails_before_anything_is_pulled(prepared) -> None:
    text = Path(prepared.root / "pipeline.yaml").read_text().replace("account.mirror  ", "account.nowhere  ")
    prepared.write("other.yaml", text)
    done = prepared.run("explain", "other.yaml", "--stage", "scan")
    assert done.code == 1
    assert "Connector not found for identifier : [nowhere]" in done.out
