"""The stream of a run that is still going on."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.testclient import TestClient

from pierhead.control.access import Permission
from pierhead.control.pipelines import PULL_KIND, ImageFacts, ImageState, Run
from pierhead.control.scopes import Scope
from pierhead.server.api import run_events
from pierhead.server.api.refusals import BusyError
from pierhead.server.api.run_events import RunStreams
from pierhead.testing.application import MemoryApplication
from pierhead.testing.granted import grant, somebody

PIPELINE = b"""
pipeline:
  identifier: demo
  stages:
    - stage:
        identifier: build
        type: CI
        spec:
          infrastructure: {type: KubernetesDirect, spec: {connectorRef: account.cluster, namespace: builds}}
          execution: {steps: [{step: {identifier: t, type: Run, spec: {command: x}}}]}
"""


@pytest.fixture
def run(application: MemoryApplication) -> Run:
    return application.runs.initialize(PIPELINE, Scope(application.account.id), "me")


async def _next_state(stream: AsyncIterator[bytes], kind: str) -> bytes:
    event = await anext(stream)
    assert event.startswith(f"event: {kind}\n".encode()), event
    return event


def test_changes_are_told_as_they_come_and_the_last_word_is_the_runs(application: MemoryApplication, run: Run) -> None:
    async def follow() -> None:
        streams = RunStreams(application.runs)
        stream = streams.stream(run)
        for _ in run.images:
            assert b'"state":"pending"' in await _next_state(stream, "image")
        assert b'"state":"running"' in await _next_state(stream, "run")
        lease = application.queue.lease("test", (PULL_KIND,))
        assert lease is not None
        first, *_ = run.images
        pulling = ImageFacts(state=ImageState.PULLING, bytes_done=10)
        await asyncio.to_thread(application.runs.record, lease, [(first.pull_key, pulling)])
        assert b'"bytesDone":10' in await _next_state(stream, "image")
        pulled = [(image.pull_key, ImageFacts(state=ImageState.PULLED)) for image in run.images]
        await asyncio.to_thread(application.runs.finish, lease, pulled)
        for _ in run.images:
            assert b'"state":"pulled"' in await _next_state(stream, "image")
        assert b'"state":"succeeded"' in await _next_state(stream, "run")
        assert [event async for event in stream] == []
        assert streams.open == 0

    asyncio.run(follow())


def test_a_quiet_stream_is_kept_alive(
    application: MemoryApplication, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_events, "KEEP_ALIVE_S", 0.0)
    monkeypatch.setattr(run_events, "LOOK_EVERY_S", 0.01)

    async def follow() -> bytes:
        stream = RunStreams(application.runs).stream(run)
        events = [await anext(stream) for _ in range(len(run.images) + 2)]
        return events[-1]

    assert asyncio.run(follow()).startswith(b":")


def test_more_streams_than_there_are_places_for_are_refused(application: MemoryApplication, run: Run) -> None:
    async def follow() -> None:
        streams = RunStreams(application.runs, max_open=1)
        first = streams.stream(run)
        await anext(first)
        with pytest.raises(BusyError):
            streams.stream(run)
        await first.aclose()  # type: ignore[attr-defined]
        assert streams.open == 0
        streams.stream(run)

    asyncio.run(follow())


def test_a_stream_is_counted_before_it_is_answered_and_forgotten_when_nobody_begins_it(
    application: MemoryApplication, run: Run
) -> None:
    streams = RunStreams(application.runs, max_open=2)
    waiting = [streams.stream(run), streams.stream(run)]
    with pytest.raises(BusyError):
        streams.stream(run)
    del waiting
    assert streams.open == 0


def test_nobody_alone_takes_all_streams(application: MemoryApplication, run: Run) -> None:
    streams = RunStreams(application.runs)
    mine = [streams.stream(run, principal="me") for _ in range(16)]
    with pytest.raises(BusyError) as caught:
        streams.stream(run, principal="me")
    assert caught.value.retry_after_s == 5.0
    assert "of one user" in caught.value.message
    assert streams.stream(run, principal="you") is not None
    assert len(mine) == 16


def test_the_answer_to_too_many_streams_is_429_with_a_time(
    application: MemoryApplication, client: TestClient, run: Run
) -> None:
    ref, key = somebody(application)
    grant(application, ref, Scope(application.account.id), [Permission.PIPELINE_VIEW])
    streams: RunStreams = client.app.state.run_streams  # type: ignore[attr-defined]
    held = [streams.stream(run, principal=f"{application.account.id} {ref.key}") for _ in range(16)]
    refused = client.get(f"/pierhead/v1/runs/{run.id}/events", headers={"X-API-KEY": key.reveal()})
    assert (refused.status_code, refused.headers["retry-after"], refused.json()["pierheadCode"]) == (429, "5", "busy")
    assert len(held) == 16
