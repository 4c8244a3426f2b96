"""Outages, storms and ends: nothing that was done is lost, nothing is done for nobody, every wait has an end."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest

from pierhead.delegate.settings import DelegateSettings
from pierhead.protocol.agent import FinishRequest, PollRequest, ReleaseRequest
from pierhead.protocol.tasks import (
    FailedResult,
    ImageEvent,
    ImageState,
    ListTagsTask,
    PullImage,
    PullResult,
    PullTask,
    RegistryAccess,
    TagsResult,
)
from pierhead.registry.origin import Origin
from pierhead.testing import relay
from pierhead.testing.control_plane import ControlPlane, Script, Work
from pierhead.testing.fake_registry import BlobFault, FakeRegistry, Then
from pierhead.testing.images import image, layer, noise

TASK = ListTagsTask(registry=RegistryAccess(url="http://127.0.0.1:1"), repository="a/b")
DONE = TagsResult(name="a/b", tags=("1",), truncated=False)


class Gate:
    """An executor whose work ends when the test says so, or by a cancel."""

    def __init__(self) -> None:
        self.started = threading.Semaphore(0)
        self.go = threading.Event()
        self.count = 0

    def perform(self, task, report, cancel):
        self.count += 1
        report.image(ImageEvent(key="k", state=ImageState.PULLING, bytes_done=1))
        report.checkpoint({"at": self.count})
        self.started.release()
        while not self.go.wait(0.01):
            if cancel.is_cancelled:
                error = {"code": "cancelled", "category": "error", "message": "cancelled"}
                return FailedResult.model_validate({"error": error})
        return DONE

    def unreachable(self, task, origins, cancel):
        return ()

    def close(self) -> None: ...

    def wait_started(self) -> None:
        assert self.started.acquire(timeout=10)


@pytest.fixture
def gate() -> Gate:
    return Gate()


# --- answers lost, servers gone


def test_a_lost_answer_to_finish_is_asked_for_again_and_counts_once(plane: ControlPlane, start, gate: Gate) -> None:
    gate.go.set()
    plane.script(Script("/finish", times=2, is_lost=True))
    start(gate)
    work = plane.offer(Work("t1", TASK))
    plane.until(lambda: plane.count("t1/finish") == 3)
    assert len(work.ends) == 1
    assert gate.count == 1


def test_a_result_survives_a_storm_of_503(plane: ControlPlane, start, gate: Gate) -> None:
    gate.go.set()
    storm = plane.script(Script("/finish", times=8, status=503, headers={"Retry-After": "0"}))
    start(gate)
    work = plane.offer(Work("t1", TASK))
    plane.until(lambda: work.ends, 20)
    assert storm.times == 0
    assert gate.count == 1


def test_what_the_server_wishes_to_wait_is_waited(plane: ControlPlane, start) -> None:
    plane.script(Script("/session", status=503, headers={"Retry-After": "20"}))  # a twentieth in these tests
    began = time.monotonic()
    start()
    plane.until(lambda: plane.count("poll"))
    assert time.monotonic() - began >= 1.0


def test_a_result_survives_a_restart_of_the_server(plane: ControlPlane, start, gate: Gate) -> None:
    start(gate)
    work = plane.offer(Work("t1", TASK))
    gate.wait_started()
    plane.stop()
    gate.go.set()
    time.sleep(0.3)  # it tries, in vain
    with ControlPlane(key=plane.key, port=plane.port) as again:
        again.known, again.work = plane.known, plane.work
        again.until(lambda: work.ends)
        again.until(lambda: again.count("poll"))
    assert gate.count == 1


def test_an_answer_that_is_no_answer_of_ours_is_waited_out(plane: ControlPlane, start, caplog) -> None:
    for code in (404, 502, 301):
        plane.script(Script("/session", status=code, code="html"))
    start()
    plane.until(lambda: plane.count("poll"))


def test_a_task_that_somebody_else_has_is_left_alone(plane: ControlPlane, start, gate: Gate) -> None:
    start(gate)
    work = plane.offer(Work("t1", TASK))
    work.is_offered = False
    other = plane.offer(Work("t2", TASK))
    gate.go.set()
    plane.until(lambda: other.ends)
    assert work.ends == []


# --- leases


def test_a_lease_is_renewed_while_the_work_goes_on(plane: ControlPlane, start, gate: Gate) -> None:
    start(gate)
    work = plane.offer(Work("t1", TASK, lease_s=0.9))
    gate.wait_started()
    plane.until(lambda: len(work.progress) >= 4)
    assert work.progress[0].images[0].bytes_done == 1
    assert work.progress[0].checkpoint == {"at": 1}
    assert work.progress[-1].images == ()
    gate.go.set()
    plane.until(lambda: work.ends)


def test_work_whose_lease_was_lost_is_stopped_and_its_result_dropped(plane: ControlPlane, start, gate: Gate) -> None:
    running = start(gate)
    work = plane.offer(Work("t1", TASK, lease_s=0.3))
    gate.wait_started()
    work.is_stale = True
    plane.until(lambda: running.delegate.crew.count == 0)
    assert work.ends == []
    assert plane.count("t1/finish") == 0


def test_a_task_that_was_lost_and_is_offered_again_is_taken_again_though_it_is_told_only_once(
    plane: ControlPlane, start, gate: Gate
) -> None:
    start(gate)
    work = plane.offer(Work("t1", TASK, lease_s=60))
    gate.wait_started()
    plane.until(lambda: work.progress)
    with plane.changed:  # as after a pause that was longer than the lease
        work.fence, work.is_offered, work.is_told_once, work.is_told = 2, True, True, False
        plane.changed.notify_all()
    gate.wait_started()
    assert work.fence == 3
    gate.go.set()
    plane.until(lambda: work.ends)
    assert work.ends[0].fence == 3


def test_progress_that_could_not_be_told_is_told_later(plane: ControlPlane, start, gate: Gate) -> None:
    outage = plane.script(Script("/progress", times=3))
    start(gate)
    work = plane.offer(Work("t1", TASK, lease_s=30))
    plane.until(lambda: work.progress)
    assert outage.times == 0
    assert work.progress[0].images[0].key == "k"
    gate.go.set()


def test_never_more_than_the_capacity_at_a_time_and_room_is_told_at_once(
    plane: ControlPlane, start, gate: Gate
) -> None:
    running = start(gate)
    for number in range(5):
        plane.offer(Work(f"t{number}", TASK))
    gate.wait_started()
    gate.wait_started()
    plane.until(lambda: any(isinstance(said, PollRequest) and said.free == 0 for _, said in plane.seen))
    assert running.delegate.crew.count == 2
    began = time.monotonic()
    gate.go.set()
    plane.until(lambda: all(work.ends for work in plane.work.values()))
    assert time.monotonic() - began < 5.0  # a poll is held for 20 s


# --- cancel


@pytest.mark.parametrize("is_by_poll", [True, False])
def test_a_cancelled_transfer_stops_within_two_seconds(plane: ControlPlane, start, is_by_poll: bool) -> None:
    plane.is_cancel_by_poll_only = is_by_poll
    with FakeRegistry() as registry:
        big = layer({"x": noise(300_000)})
        registry.add("a/b", "1", image([big]))
        fault = registry.faults.hit_blob(big.digest, BlobFault(Then.HOLD, after_bytes=1000))
        start(capacity=1)
        access = RegistryAccess(url=registry.url)
        pull = PullTask(images=(PullImage(key="k", reference=f"{registry.host}/a/b:1", registry=access),))
        work = plane.offer(Work("t1", pull, lease_s=1.5))
        assert fault.reached.wait(10)
        began = time.monotonic()
        plane.cancel("t1")
        plane.until(lambda: work.ends)
        assert time.monotonic() - began < 2.0
    assert isinstance(work.ends[0], FinishRequest)
    assert work.ends[0].is_cancelled
    assert isinstance(work.ends[0].result, PullResult)
    assert work.ends[0].result.images[0].state == "failed"


def test_work_that_was_done_before_the_cancel_came_is_no_cancelled_work(plane: ControlPlane, start, gate: Gate) -> None:
    gate.go.set()
    plane.script(Script("/finish", times=1))
    start(gate)
    work = plane.offer(Work("t1", TASK))
    plane.until(lambda: work.fence)
    plane.cancel("t1")
    plane.until(lambda: work.ends)
    assert work.ends[0].is_cancelled is False


def test_a_cancel_whose_answer_was_lost_is_asked_for(plane: ControlPlane, start, gate: Gate) -> None:
    start(gate)
    work = plane.offer(Work("t1", TASK, lease_s=60.0))
    gate.wait_started()
    plane.until(lambda: work.progress)
    plane.script(Script("/poll", times=1000))  # the polls that would say it all fail
    work.is_cancel_requested = True
    plane.set(state="ENABLED", _polls=10**6)  # lets go of the one that is held
    plane.until(lambda: work.ends, 5)
    assert work.ends[0].is_cancelled


# --- leaving


def test_draining_finishes_what_it_has_and_takes_no_more(plane: ControlPlane, start, gate: Gate) -> None:
    running = start(gate)
    first = plane.offer(Work("t1", TASK))
    gate.wait_started()
    running.delegate.drain()
    second = plane.offer(Work("t2", TASK))
    plane.until(lambda: any(isinstance(m, PollRequest) and m.is_draining for _, m in plane.seen))
    gate.go.set()
    running.join()
    assert running.error is None
    assert isinstance(first.ends[0], FinishRequest)
    assert second.fence == 0
    assert plane.seen[-1][0].endswith("/close")


def test_a_cancel_comes_through_while_draining(plane: ControlPlane, start, gate: Gate) -> None:
    plane.is_cancel_by_poll_only = True
    running = start(gate)
    work = plane.offer(Work("t1", TASK))
    gate.wait_started()
    running.delegate.drain()
    plane.cancel("t1")
    running.join()
    assert work.ends[0].is_cancelled


@pytest.mark.parametrize("is_by_time", [True, False])
def test_what_is_unfinished_then_is_given_back_with_its_checkpoint(plane, start, gate: Gate, is_by_time: bool) -> None:
    running = start(gate, drain_timeout_s=0.2 if is_by_time else 60.0)
    work = plane.offer(Work("t1", TASK))
    gate.wait_started()
    running.delegate.drain()
    if not is_by_time:
        running.delegate.leave()
    running.join()
    assert work.ends == [ReleaseRequest(fence=1, checkpoint={"at": 1})]
    assert plane.seen[-1][0].endswith("/close")


def test_leaving_does_not_wait_for_a_server_that_is_gone(plane: ControlPlane, start, gate: Gate) -> None:
    running = start(gate)
    plane.offer(Work("t1", TASK))
    gate.wait_started()
    plane.stop()
    began = time.monotonic()
    running.delegate.leave()
    running.join(12)
    assert time.monotonic() - began < 10.0
    assert running.error is None


# --- the program


def listening(pid: int) -> list[str]:
    """The listening TCP sockets of a process, from /proc."""
    fds = Path(f"/proc/{pid}/fd").iterdir()
    inodes = {match[1] for fd in fds if (match := re.match(r"socket:\[(\d+)\]", str(fd.readlink())))}
    lines = [
        line.split() for kind in ("tcp", "tcp6") for line in Path(f"/proc/net/{kind}").read_text().splitlines()[1:]
    ]
    return [fields[1] for fields in lines if fields[3] == "0A" and fields[9] in inodes]


@pytest.fixture
def program(plane: ControlPlane, settings: DelegateSettings):
    assert settings.token is not None
    environment = {**os.environ, "PIERHEAD_DELEGATE_TOKEN": settings.token.reveal(), "NO_COLOR": "1"}
    started: list[subprocess.Popen[str]] = []

    def run(*options: str, token: bool = True) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "pierhead", "delegate", "run", "--url", plane.url, "--name", "edge"]
        where = {**environment} if token else {k: v for k, v in environment.items() if "TOKEN" not in k}
        started.append(
            subprocess.Popen(
                [*command, "--state", str(settings.state), *options], env=where, stderr=subprocess.PIPE, text=True
            )
        )
        return started[-1]

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_the_program_listens_nowhere_and_ends_by_sigterm(plane: ControlPlane, program) -> None:
    process = program()
    plane.until(lambda: plane.count("poll"))
    assert listening(process.pid) == []
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "s3cret-of-token" not in told
    assert plane.seen[-1][0].endswith("/close")


def test_the_health_endpoint_is_the_only_socket_and_on_loopback(plane: ControlPlane, program) -> None:
    with ControlPlane() as spare:
        port = spare.port
    process = program("--health", f"127.0.0.1:{port}")
    plane.until(lambda: plane.count("poll"))
    assert listening(process.pid) == [f"0100007F:{port:04X}"]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
        shown = json.load(answer)
    assert (answer.status, shown["state"], shown["stage"], shown["tasks"]) == (200, "ENABLED", "working", 0)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics")


def test_a_second_signal_gives_back_a_transfer_at_once(plane: ControlPlane, program) -> None:
    with FakeRegistry() as registry:
        big = layer({"x": noise(300_000)})
        registry.add("a/b", "1", image([big]))
        fault = registry.faults.hit_blob(big.digest, BlobFault(Then.HOLD, after_bytes=1000))
        process = program()
        access = RegistryAccess(url=registry.url)
        pull = PullTask(images=(PullImage(key="k", reference=f"{registry.host}/a/b:1", registry=access),))
        work = plane.offer(Work("t1", pull))
        assert fault.reached.wait(20)
        process.send_signal(signal.SIGTERM)
        plane.until(lambda: any(isinstance(m, PollRequest) and m.is_draining for _, m in plane.seen))
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
        assert time.monotonic() - began < 5.0
    assert process.returncode == 0
    assert isinstance(work.ends[0], ReleaseRequest)


@pytest.fixture
def line(plane: ControlPlane, monkeypatch: pytest.MonkeyPatch):
    """Passes on answers byte by byte, slowly once it is told to."""
    monkeypatch.setattr(relay, "_PIECE", 1)
    with relay.SlowRelay(plane.url.removeprefix("http://")) as line:
        yield line


def drip(plane: ControlPlane, line: relay.SlowRelay) -> None:
    """From now on answers drip; returns in the midst of the poll's."""
    line.bytes_per_s = 10.0
    carried = line.carried
    plane.offer(Work("last", TASK))  # brings the answer about
    plane.until(lambda: line.carried > carried + 5)


def test_sigterm_ends_an_idle_delegate_though_the_answers_drip(plane: ControlPlane, line, program) -> None:
    process = program("--url", f"http://{line.host}")
    plane.until(lambda: plane.count("poll"))
    drip(plane, line)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=12)
    assert time.monotonic() - began < 5.0
    assert process.returncode == 0


def test_the_second_word_ends_a_busy_delegate_though_the_answers_drip(plane, line, start, gate: Gate) -> None:
    running = start(gate, server=Origin.of(f"http://{line.host}"), drain_timeout_s=60.0)
    plane.offer(Work("t1", TASK))
    gate.wait_started()
    drip(plane, line)
    running.delegate.drain()
    began = time.monotonic()
    running.delegate.leave()
    running.join(12)
    assert time.monotonic() - began < 6.0
    assert running.error is None


@pytest.mark.parametrize(("code", "exit_code"), [("delegate-revoked", 4), ("session-superseded", 6)])
def test_each_refusal_has_its_exit_code_and_a_clear_word(
    plane: ControlPlane, program, code: str, exit_code: int
) -> None:
    plane.script(Script("/poll", status=403, code=code))
    process = program()
    _, told = process.communicate(timeout=20)
    assert process.returncode == exit_code
    assert "error:" in told
    assert "hint:" in told


def test_a_program_without_a_token_says_what_is_needed(plane: ControlPlane, program) -> None:
    process = program(token=False)
    _, told = process.communicate(timeout=20)
    assert process.returncode == 3
    assert "--token-file" in told


def test_after_kill_minus_nine_the_same_delegate_comes_back(plane: ControlPlane, program) -> None:
    first = program()
    plane.until(lambda: plane.count("poll"))
    first.kill()
    first.wait(5)
    program(token=False)
    plane.until(lambda: plane.count("poll") == 2)
    assert plane.count("enrol") == 1
    assert len(plane.known) == 1
