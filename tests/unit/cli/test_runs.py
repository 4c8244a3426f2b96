import os
from pathlib import Path
from typing import Any

import pytest

from pierhead.cli.errors import ServerUnreachableError
from pierhead.cli.follow import LostRunError, follow
from pierhead.cli.format import split_reference
from pierhead.kit.retry import Backoff

INITIALIZE = "/pierhead/v1/pipelines/initialize"
DIGEST = "sha256:" + "ab" * 32
PULLED = {
    "reference": "127.0.0.1:5000/harness/ci-addon:1.14.4",
    "connector": {"reference": "account.mirror", "source": "stage", "trail": []},
    "position": 0,
    "state": "pulled",
    "digest": DIGEST,
    "bytesTotal": 2_000_000,
    "bytesFetched": 1_500_000,
    "seconds": 0.5,
    "failure": None,
    "warnings": ["an old line"],
}
FAILED = {
    **PULLED,
    "position": 1,
    "reference": "127.0.0.1:5000/plugins/kaniko:9",
    "state": "failed",
    "digest": None,
    "bytesTotal": None,
    "bytesFetched": 0,
    "seconds": 0.1,
    "failure": {
        "code": "manifest-unknown",
        "category": "not-found",
        "message": "there is no tag 9 in plugins/kaniko",
        "hint": "list the tags",
        "exchange": {"method": "HEAD", "url": "http://127.0.0.1:5000/v2/x", "status": 404, "body": "gone\x1b[2J"},
    },
}


def run_of(state: str, *images: dict[str, Any]) -> dict[str, Any]:
    stage = {"identifier": "build", "name": "Build", "infra": "K8", "warnings": [], "images": list(images)}
    times = {"createdAt": 1_700_000_000_000, "finishedAt": 1_700_000_001_500 if state != "running" else None}
    return {"id": "r1", "pipeline": "p", "state": state, "stages": [stage], "warnings": [], **times}


def event(image: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "image", {"stage": "build", **image}


def end(state: str) -> tuple[str, dict[str, Any]]:
    return "run", {"id": "r1", "state": state}


@pytest.fixture
def pipeline(tmp_path: Path) -> str:
    path = tmp_path / "pipeline.yaml"
    path.write_text("pipeline: {}\n")
    return str(path)


def answer_run(api, final: dict[str, Any], *events: Any) -> None:
    api.data("POST", INITIALIZE, run_of("running"))
    api.stream("/pierhead/v1/runs/r1/events", *events, end(final["state"]))
    api.data("GET", "/pierhead/v1/runs/r1", final)


def test_init_prints_source_reason_digest_bytes_and_time_of_each_image(pierhead, api, pipeline) -> None:
    answer_run(api, run_of("succeeded", PULLED), event(PULLED))
    outcome = pierhead("init", pipeline, "--stage", "a", "--stage", "b")
    assert outcome.code == 0
    row = outcome.out.splitlines()[1]
    for part in ("build", "harness/ci-addon:1.14.4", "127.0.0.1:5000", "account.mirror", "stage override"):
        assert part in row
    assert row.split("  ")[-1].strip() == "pulled"
    assert "sha256:abababababab  1.5 MB / 2.0 MB  0.50 s" in row
    assert "warning: an old line" in outcome.out
    assert outcome.out.splitlines()[-1] == "run r1 succeeded, 1 images, 1.5 MB fetched, in 1.50 s"
    assert (api.asked[0].query["stage"], api.asked[0].body) == (["a", "b"], b"pipeline: {}\n")


def test_progress_without_a_terminal_is_a_line_for_each_image_that_is_done(pierhead, api, pipeline) -> None:
    answer_run(
        api, run_of("succeeded", PULLED), event({**PULLED, "state": "pulling"}), event(PULLED), event(PULLED)
    )  # fmt: skip
    assert pierhead("init", pipeline).err == (
        "build harness/ci-addon:1.14.4: pulled sha256:abababababab, 1.5 MB in 0.50 s, 3.0 MB/s\n"
    )


def test_a_failed_image_is_told_with_cause_exchange_and_remedy(pierhead, api, pipeline) -> None:
    answer_run(api, run_of("failed", PULLED, FAILED), event(FAILED))
    outcome = pierhead("init", pipeline)
    assert outcome.code == 1
    told = outcome.out[outcome.out.index("127.0.0.1:5000/plugins/kaniko:9 failed in stage build") :]
    assert "cause     there is no tag 9 in plugins/kaniko" in told
    assert "connector account.mirror" in told
    assert "exchange  HEAD http://127.0.0.1:5000/v2/x -> 404" in told
    assert "answer    gone\\x1b[2J" in told
    assert "remedy    list the tags" in told


def test_init_prints_the_run_as_the_api_gives_it_when_json_is_asked(pierhead, api, pipeline) -> None:
    final = run_of("succeeded", PULLED)
    answer_run(api, final, event(PULLED))
    outcome = pierhead("init", pipeline, "--json")
    assert outcome.json == final
    assert outcome.err == ""


def test_quiet_prints_failures_and_nothing_else(pierhead, api, pipeline) -> None:
    answer_run(api, run_of("succeeded", PULLED), event(PULLED))
    outcome = pierhead("init", pipeline, "--quiet")
    assert outcome.out + outcome.err == ""
    answer_run(api, run_of("failed", FAILED))
    api._answers[("GET", "/pierhead/v1/runs/r1")].pop(0)
    api._answers[("GET", "/pierhead/v1/runs/r1/events")].pop(0)
    assert "remedy" in pierhead("init", pipeline, "--quiet").out


def test_a_run_is_left_to_the_server_when_nobody_wants_to_wait(pierhead, api, pipeline) -> None:
    api.data("POST", INITIALIZE, run_of("running"))
    assert pierhead("init", pipeline, "--no-wait").out == "r1\n"
    api.is_local = True
    assert "needs a server" in pierhead("init", pipeline, "--no-wait").err


def test_output_is_asked_for_when_the_data_directory_is_opened(pierhead, api, pipeline, tmp_path) -> None:
    api.is_local = True
    answer_run(api, run_of("succeeded", PULLED))
    assert pierhead("init", pipeline, "--output", str(tmp_path / "out")).code == 0
    assert api.targets[0].images == tmp_path / "out"


def test_output_from_a_server_elsewhere_is_refused_before_anything_is_run(pierhead, api, pipeline, tmp_path) -> None:
    outcome = pierhead("init", pipeline, "--output", str(tmp_path))
    assert outcome.code == 2
    assert "its images are on another machine" in outcome.err
    assert api.asked == []


def test_ctrl_c_cancels_the_run_and_waits_for_its_end(pierhead, api, pipeline) -> None:
    api.data("POST", INITIALIZE, run_of("running"))
    api.stream("/pierhead/v1/runs/r1/events", event(PULLED), KeyboardInterrupt())
    api.stream("/pierhead/v1/runs/r1/events", end("cancelled"))
    api.data("POST", "/pierhead/v1/runs/r1/cancel", run_of("cancelled"))
    api.data("GET", "/pierhead/v1/runs/r1", run_of("cancelled", PULLED))
    outcome = pierhead("init", pipeline)
    assert outcome.code == 130
    assert ("POST", "/pierhead/v1/runs/r1/cancel") in api.calls()
    assert "cancelling the run" in outcome.err
    assert "run r1 cancelled" in outcome.out


def test_a_second_ctrl_c_leaves_at_once(pierhead, api, pipeline, monkeypatch) -> None:
    class LeftError(BaseException):
        pass

    def leave(code: int) -> None:
        raise LeftError(code)

    monkeypatch.setattr(os, "_exit", leave)
    api.data("POST", INITIALIZE, run_of("running"))
    api.data("POST", "/pierhead/v1/runs/r1/cancel", run_of("cancelled"))
    api.stream("/pierhead/v1/runs/r1/events", KeyboardInterrupt())
    with pytest.raises(LeftError) as caught:
        pierhead("init", pipeline)
    assert caught.value.args == (130,)


class NoProgress:
    def show(self, image: dict[str, Any]) -> None:
        pass

    def __enter__(self) -> "NoProgress":
        return self

    def __exit__(self, *_: object) -> None:
        pass


AT_ONCE = Backoff(tries=3, base_s=0, cap_s=0)


def test_a_dropped_stream_is_taken_up_again(api) -> None:
    api.stream("/pierhead/v1/runs/r1/events", event(PULLED), ServerUnreachableError("x", "reset"))
    api.stream("/pierhead/v1/runs/r1/events", event(PULLED))
    api.stream("/pierhead/v1/runs/r1/events", end("failed"))
    api.data("GET", "/pierhead/v1/runs/r1", run_of("failed"))
    target = api.connect(_target()).api
    assert follow(target, "r1", NoProgress(), backoff=AT_ONCE)["state"] == "failed"


def test_a_run_that_never_ends_is_given_up_with_its_name(api) -> None:
    api.stream("/pierhead/v1/runs/r1/events", event(PULLED))
    with pytest.raises(LostRunError, match="run r1 is not finished"):
        follow(api.connect(_target()).api, "r1", NoProgress(), backoff=AT_ONCE)


def _target() -> Any:
    from pierhead.cli.invocation import Target

    return Target(Path("/nowhere"))


def test_watching_a_run_says_by_exit_code_how_it_ended(pierhead, api) -> None:
    api.data("GET", "/pierhead/v1/runs/r1", run_of("cancelled", PULLED))
    api.stream("/pierhead/v1/runs/r1/events", end("cancelled"))
    assert pierhead("run", "watch", "r1").code == 1


def test_a_run_that_is_not_there_cannot_be_watched(pierhead, api) -> None:
    api.refuse("GET", "/pierhead/v1/runs/r2", 404, "RESOURCE_NOT_FOUND", "no run r2")
    assert pierhead("run", "watch", "r2").code == 5


def test_runs_are_listed_and_cancelled(pierhead, api) -> None:
    api.data("GET", "/pierhead/v1/runs", {"content": [run_of("failed")], "totalPages": 1, "pageIndex": 0})
    api.data("POST", "/pierhead/v1/runs/r1/cancel", run_of("failed"))
    assert "r1   p         failed  2023-11-14 22:13:20Z" in pierhead("run", "list").out
    assert pierhead("run", "cancel", "r1").out == "run r1: failed\n"


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("harness/ci-addon:1", ("docker.io", "harness/ci-addon:1")),
        ("docker.io/harness/ci-addon:1", ("docker.io", "harness/ci-addon:1")),
        ("localhost/a:1", ("localhost", "a:1")),
        ("h:5000/a/b@sha256:0", ("h:5000", "a/b@sha256:0")),
        ("alpine", ("docker.io", "alpine")),
    ],
)
def test_a_name_is_split_into_source_and_image(reference: str, parts: tuple[str, str]) -> None:
    assert split_reference(reference) == parts


PLAN_IMAGE = {
    "role": "core",
    "usedBy": ["addonTag"],
    "reference": "m.example/harness/ci-addon:1.14.4",
    "nameReason": "below m.example",
    "connector": {
        "reference": "account.mirror",
        "source": "stage",
        "trail": [
            {"rule": "stage", "text": "the stage names account.mirror", "chosen": True},
            {"rule": "account", "text": "not asked", "chosen": False},
        ],
    },
    "version": {
        "image": "harness/ci-addon:1.14.4",
        "source": "default",
        "trail": [{"rule": "default", "text": "line 1.14", "chosen": True}],
    },
    "path": {
        "kind": "delegates",
        "selectors": ["eu", "linux"],
        "origin": "stage",
        "reason": "the stage asks for them",
        "trail": [
            {"rule": "path", "text": "the stage asks for them", "chosen": True},
            {"rule": "path", "text": "the pipeline would ask for arm", "chosen": False},
        ],
    },
    "platform": "linux/amd64",
    "pullPolicy": "IfNotPresent",
    "pullSecretKey": "m.example",
    "warnings": ["soon too old"],
    "error": None,
}


def plan_of(image: dict[str, Any]) -> dict[str, Any]:
    stage = {"identifier": "build", "name": "Build", "infra": "K8", "warnings": ["w"], "images": [image]}
    return {"pipeline": "p", "stages": [stage], "skipped": [], "warnings": ["no such registry"]}


def test_explain_gives_the_reasons_for_connector_version_and_name(pierhead, api, pipeline) -> None:
    api.data("POST", "/pierhead/v1/pipelines/explain", plan_of(PLAN_IMAGE))
    outcome = pierhead("explain", pipeline)
    assert outcome.code == 0
    for part in (
        "stage build, K8",
        "-> stage: the stage names account.mirror",
        "   account: not asked",
        "-> default: line 1.14",
        "name       below m.example",
        "path       a delegate with eu, linux",
        "-> path: the stage asks for them",
        "   path: the pipeline would ask for arm",
        "pull secret for m.example",
        "warning    soon too old",
        "warning: no such registry",
    ):
        assert part in outcome.out


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ({"kind": "platform", "selectors": [], "trail": []}, "path       platform"),
        ({"kind": "delegates", "selectors": [], "trail": []}, "path       any available delegate"),
        (None, None),
    ],
)
def test_explain_says_by_whom_an_image_would_be_fetched(pierhead, api, pipeline, path: Any, line: str | None) -> None:
    api.data("POST", "/pierhead/v1/pipelines/explain", plan_of({**PLAN_IMAGE, "path": path}))
    told = [each.strip() for each in pierhead("explain", pipeline).out.splitlines()]
    assert [each for each in told if each.startswith("path ")] == ([line] if line else [])


def test_explain_fails_when_an_image_cannot_be_had_this_way(pierhead, api, pipeline) -> None:
    broken = {**PLAN_IMAGE, "error": {"code": "x", "message": "connector not found", "hint": "create it"}}
    api.data("POST", "/pierhead/v1/pipelines/explain", plan_of(broken))
    outcome = pierhead("explain", pipeline)
    assert outcome.code == 1
    assert "error      connector not found (create it)" in outcome.out
    assert pierhead("explain", pipeline, "--json").json == plan_of(broken)


def test_revealing_secrets_is_only_for_manifests(pierhead, api, pipeline) -> None:
    assert pierhead("explain", pipeline, "--reveal-secrets").code == 2
    assert api.asked == []


def test_manifests_of_a_server_are_printed_as_yaml_documents(pierhead, api, pipeline) -> None:
    manifests = [{"kind": "Secret", "data": {"a": "b"}}, {"kind": "Pod"}]
    api.data("POST", "/pierhead/v1/pipelines/render", {"manifests": manifests})
    outcome = pierhead("explain", pipeline, "--render", "kubernetes", "--stage", "build")
    assert outcome.out == "---\nkind: Secret\ndata:\n  a: b\n---\nkind: Pod\n"
    assert pierhead("explain", pipeline, "--render", "kubernetes", "--json").json == manifests


def test_a_server_that_renders_no_manifests_is_told_with_the_way_out(pierhead, api, pipeline) -> None:
    api.refuse("POST", "/pierhead/v1/pipelines/render", 404, "RESOURCE_NOT_FOUND", "there is nothing at")
    outcome = pierhead("explain", pipeline, "--render", "kubernetes")
    assert (outcome.code, outcome.out) == (9, "")
    assert "with the server stopped" in outcome.err


def test_a_server_is_never_asked_for_passwords(pierhead, api, pipeline) -> None:
    assert pierhead("explain", pipeline, "--render", "kubernetes", "--reveal-secrets").code == 4
    assert api.asked == []


def routed(**image: Any) -> dict[str, Any]:
    shown = {"reference": "r.example/a/b:1", "state": "pulled", "connector": {"reference": "m", "source": "stage"}}
    stage = {"identifier": "build", "images": [{**shown, **image}]}
    return {"id": "r1", "state": "succeeded", "stages": [stage]}


def test_a_run_through_delegates_says_which_and_why(pierhead, api) -> None:
    api.data("GET", "/pierhead/v1/runs/r1", routed(delegate="box-1", pathReason="the stage asks for gpu"))
    lines = pierhead("run", "get", "r1").out.splitlines()
    assert lines[0].split()[-1] == "DELEGATE"
    assert lines[1].split()[-1] == "box-1"
    assert "path: by box-1, the stage asks for gpu" in lines


def test_a_run_of_the_platform_says_nothing_about_delegates(pierhead, api) -> None:
    api.data("GET", "/pierhead/v1/runs/r1", routed(delegate="platform", pathReason="nothing asks for a delegate"))
    out = pierhead("run", "get", "r1").out
    assert "DELEGATE" not in out
    assert "path:" not in out


def test_an_image_that_waits_for_a_delegate_says_for_which(pierhead, api) -> None:
    api.data("GET", "/pierhead/v1/runs/r1", routed(state="pending", delegate=None, pathReason="the stage asks for gpu"))
    assert "path: the stage asks for gpu" in pierhead("run", "get", "r1").out
