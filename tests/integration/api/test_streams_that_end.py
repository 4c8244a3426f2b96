"""The stream of a run ends when whoever follows it may do so no longer."""

import asyncio
import time

import pytest
from starlette.testclient import TestClient

from pierhead.control.access import Permission, PrincipalRef
from pierhead.control.pipelines import Run
from pierhead.control.scopes import Scope
from pierhead.kit.signals import Signal, Topic
from pierhead.server.api import run_events
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


@pytest.fixture
def who(application: MemoryApplication, client: TestClient, run: Run) -> PrincipalRef:
    """Who may see the run, and is the client."""
    ref, key = somebody(application)
    client.headers["X-API-KEY"] = key.reveal()
    grant(application, ref, Scope(run.account), [Permission.PIPELINE_VIEW])
    return ref


@pytest.mark.parametrize("loss", ["the right", "the key"])
def test_a_stream_ends_when_the_caller_loses(
    client: TestClient,
    application: MemoryApplication,
    run: Run,
    who: PrincipalRef,
    loss: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run_events, "ASK_EVERY_S", 0.05)
    monkeypatch.setattr(run_events, "LOOK_EVERY_S", 0.01)
    began = time.monotonic()
    with client.stream("GET", f"/pierhead/v1/runs/{run.id}/events") as answer:
        assert answer.status_code == 200
        _take_away(application, who, loss)
        assert b"".join(answer.iter_raw()).endswith(b"\n\n")
    assert time.monotonic() - began < 5


def _take_away(application: MemoryApplication, who: PrincipalRef, loss: str) -> None:
    with application.store.transaction() as tx:
        if loss == "the key":
            tx.tokens.remove_of(application.account.id, [who])
        else:
            for one in tx.role_assignments.list_about(application.account.id, who.key):
                tx.role_assignments.remove(one.scope, one.identifier)
        tx.announce(Signal(Topic.ACCESS))


def test_a_stream_asks_again_no_later_than_every_two_seconds(application: MemoryApplication, run: Run) -> None:
    async def follow() -> float:
        began = time.monotonic()
        async for _ in RunStreams(application.runs).stream(run, lambda: False):
            pass
        return time.monotonic() - began

    assert asyncio.run(follow()) < 4
