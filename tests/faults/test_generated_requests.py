"""Requests made from our own OpenAPI document by a tool that knows nothing else of us: none is answered with a 5xx.

The short form runs in the suite. The long one, under ``make faults``, says its seed and how many cases it tried.
"""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case, GenerationMode
from starlette.testclient import TestClient

from pierhead.adapters.sql import SqlStore
from pierhead.server.app import create_app
from pierhead.testing.application import MemoryApplication, memory_application

SEED = int(os.environ.get("FAULT_SEED", "20261121"))
OPENED = frozenset({"streamRunEvents"})  # it ends with its run, which a made-up request does not bring about
SERVER_FAULTS = range(500, 600)
# Somebody else's trouble, told as such: the registry or the identity provider that the request speaks of.
HONEST = frozenset({503})


@pytest.fixture
def application(tmp_path: Path) -> Iterator[MemoryApplication]:
    application = memory_application(tmp_path, SqlStore(tmp_path / "store.db"))
    yield application
    application.close()


@pytest.mark.timeout(600)
def test_no_generated_request_is_answered_with_a_5xx(application: MemoryApplication) -> None:
    tried = _try_all(application, 2_000)
    assert sum(tried.values()) >= 2_000


@pytest.mark.faults
@pytest.mark.timeout(3600)
def test_no_generated_request_of_twenty_thousand_is_answered_with_a_5xx(application: MemoryApplication) -> None:
    tried = _try_all(application, 21_000)
    print(f"seed {SEED}: {sum(tried.values()):,} requests, answers {dict(sorted(tried.items()))}")  # noqa: T201 - what the run was
    assert sum(tried.values()) >= 20_000


def _try_all(application: MemoryApplication, cases: int) -> Counter[int]:
    app = create_app(application)
    schema = schemathesis.openapi.from_dict(app.openapi())
    operations = [found.ok() for found in schema.get_all_operations()]
    wanted = [one for one in operations if one.definition.raw["operationId"] not in OPENED]
    answers: Counter[int] = Counter()
    with TestClient(app, raise_server_exceptions=False) as client:
        client.headers.update({"X-API-KEY": application.key.reveal(), "Harness-Account": application.account.id})
        for operation in wanted:
            _try(operation, client, -(-cases // len(wanted)), answers)
        while sum(answers.values()) < cases:  # operations without parameters have few cases
            _try(wanted[sum(answers.values()) % len(wanted)], client, 20, answers)
    return answers


def _try(operation: Any, client: TestClient, examples: int, answers: Counter[int]) -> None:
    @seed(SEED + sum(answers.values()))
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=GenerationMode.NEGATIVE) | operation.as_strategy())
    def check(case: Case) -> None:
        sent = case.as_transport_kwargs(base_url="http://testserver")
        sent["headers"] = {
            name: value for name, value in dict(sent.get("headers") or {}).items() if _may_be_sent(name, str(value))
        }
        sent.pop("cookies", None)
        try:
            answer = client.request(**sent, follow_redirects=False)
        except httpx.InvalidURL:  # longer than the client itself can send
            return
        answers[answer.status_code] += 1
        assert answer.status_code not in SERVER_FAULTS or answer.status_code in HONEST, (sent, answer.text[:500])

    check()


def _may_be_sent(name: str, value: str) -> bool:
    """Not the key, which is ours to send, and nothing that the client library refuses to put on a wire."""
    is_ours = name.lower() in ("x-api-key", "authorization", "harness-account", "host")
    return not is_ours and value.isascii() and value.isprintable()
