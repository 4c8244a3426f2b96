"""What is refused before a byte of its body is read; strangers and floods cost those that are in next to nothing."""

import asyncio
import base64
import json
from dataclasses import replace

import pytest

from pierhead.control.delegates import AgentService
from pierhead.control.tasks import TaskState
from pierhead.protocol.agent import AGENT_PATH
from pierhead.protocol.signatures import key_to_text, time_bytes, verify
from pierhead.server.delegates import strangers
from pierhead.server.delegates.api import AgentApi
from pierhead.server.delegates.nonces import NonceMemory
from pierhead.testing.scripted_delegate import Said, ScriptedDelegate

from .test_tasks import GOOD, leased, member, offered, place  # noqa: F401 - fixtures

LARGE = 300 * 1024


def unread(application, path: str, fields: dict[str, str]) -> Said:
    """The answer to a request whose body must not be asked for."""
    sent: list[dict] = []

    async def receive() -> dict[str, object]:
        raise AssertionError("the body was read")

    async def send(message: dict) -> None:
        sent.append(message)

    target = f"{AGENT_PATH}/{path}"
    headers = [(name.lower().encode(), value.encode()) for name, value in fields.items()]
    scope = {"type": "http", "method": "POST", "path": target, "raw_path": target.encode(), "headers": headers}
    asyncio.run(AgentApi(application)({**scope, "query_string": b""}, receive, send))
    answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Said(sent[0]["status"], answered, json.loads(sent[1]["body"]))


def large(delegate: ScriptedDelegate, path: str, size: int = LARGE) -> dict[str, str]:
    return {**delegate.headers(path, b" " * size), "Content-Length": str(size)}


# --- before the body


@pytest.mark.parametrize("path", ["tasks/x/finish", "tasks/x/progress", "session", "poll", "enrol"])
def test_an_unsigned_body_is_not_read_and_its_connection_ends(application, path: str) -> None:
    said = unread(application, path, {"Content-Length": str(2**20)})
    assert (said.status, said.code, said.headers["connection"]) == (401, "invalid-signature", "close")


@pytest.mark.parametrize("path", ["tasks/x/finish", "tasks/x/acquire", "session", "close", "poll"])
def test_the_body_of_somebody_unknown_is_not_read(application, newcomer, path: str) -> None:
    size = 2**17
    said = unread(application, path, large(newcomer(), path, size))
    assert (said.status, said.code, said.headers["connection"]) == (401, "delegate-unknown", "close")


def test_a_body_under_somebody_elses_name_is_not_read(application, delegate) -> None:
    said = unread(application, "tasks/x/finish", large(delegate, "tasks/y/finish"))
    assert (said.status, said.code, said.headers["connection"]) == (401, "bad-signature", "close")


@pytest.mark.parametrize("path", ["session", "poll", "close", "enrol", "tasks/x/finish"])
def test_a_body_over_the_cap_of_its_exchange_is_not_read(application, delegate, path: str) -> None:
    size = 8 * 2**20 + 1 if "finish" in path else LARGE
    assert unread(application, path, large(delegate, path, size)).code == "body-too-large"


def test_a_large_result_for_a_task_that_is_not_there_is_not_read(application, delegate) -> None:
    said = unread(application, "tasks/x/finish", large(delegate, "tasks/x/finish"))
    assert (said.status, said.code) == (404, "task-not-found")
    assert "connection" not in said.headers


def test_a_large_result_for_the_task_of_another_is_not_read(application, place, member, newcomer) -> None:  # noqa: F811
    task_id, _ = leased(application, place, member)
    other = newcomer(tags=("dmz",), host_name="probe-2").join()
    path = f"tasks/{task_id}/finish"
    assert unread(application, path, large(other, path)).code == "stale-lease"
    chunked = {**other.headers(path, b""), "Transfer-Encoding": "chunked"}
    assert unread(application, path, chunked).code == "stale-lease"


def test_a_large_result_said_again_is_answered_without_reading_it(application, place, member) -> None:  # noqa: F811
    task_id, fence = leased(application, place, member)
    assert member.finish(task_id, fence, GOOD).status == 200
    path = f"tasks/{task_id}/finish"
    assert unread(application, path, large(member, path, 8 * 2**20)).status == 200


def test_a_large_result_of_the_holder_is_heard(application, place, member) -> None:  # noqa: F811
    task_id, fence = leased(application, place, member)
    body = json.dumps({"fence": fence, "result": GOOD}).encode()
    assert member.post(f"tasks/{task_id}/finish", body + b" " * LARGE).status == 200
    assert application.queue.get(place.account, task_id).state is TaskState.SUCCEEDED


def test_a_request_that_was_seen_before_is_refused_without_its_body(application, delegate, client) -> None:
    body = b" " * 1000
    headers = delegate.headers("tasks/x/finish", body)
    assert delegate.send("tasks/x/finish", body, headers).status == 400
    said = delegate.send("tasks/x/finish", b"", headers)
    assert (said.status, said.code) == (401, "nonce-used")


def test_the_time_that_a_wrong_clock_is_told_is_proven(application, delegate) -> None:
    headers = delegate.headers("poll", b"{}", created=1)
    said = unread(application, "poll", headers)
    nonce = headers["Signature-Input"].partition('nonce="')[2].partition('"')[0]
    proved = time_bytes(nonce, said.body["now"])
    assert said.code == "clock-skew"
    assert verify(application.server_key.public, proved, base64.b64decode(said.body["proof"]))


# --- strangers


def test_a_wrong_token_opens_no_transaction(application, newcomer, monkeypatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("a transaction for a stranger")

    monkeypatch.setattr(AgentService, "_enrol", never)
    said = newcomer(token="x").enrol()
    assert (said.status, said.code, said.headers["connection"]) == (401, "delegate-token-invalid", "close")


def test_who_fails_to_enrol_again_and_again_has_to_wait_and_the_others_go_on(application, newcomer, delegate) -> None:
    statuses = [newcomer(token="x").enrol().status for _ in range(strangers.FAILURES + 1)]
    assert statuses == [401] * strangers.FAILURES + [503]
    assert newcomer().enrol().code == "busy"
    assert delegate.open_session().status == 200
    assert delegate.poll().status == 200


def test_strangers_do_not_fill_the_memory_of_nonces(newcomer, monkeypatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("a stranger's nonce was kept")

    monkeypatch.setattr(NonceMemory, "use", never)
    assert newcomer(token="x").enrol().status == 401
    assert newcomer().enrol().status == 200


# --- keys that nothing can be sealed for


@pytest.mark.parametrize("key", [bytes(32), b"\1" + bytes(31), b"\xec" + b"\xff" * 30 + b"\x7f"])
def test_a_sealing_key_that_everybody_could_open_is_refused_at_enrolment(newcomer, key: bytes) -> None:
    said = newcomer().enrol(sealingKey=key_to_text(key))
    assert (said.status, said.code) == (400, "invalid-key")


def test_an_order_that_cannot_be_sealed_gives_the_task_back(application, place, member) -> None:  # noqa: F811
    task_id = offered(application, place, member)
    with application.store.transaction() as tx:
        tx.delegates.put(replace(tx.delegates.find(member.id), sealing_key=bytes(32)))
    application.agents._known.drop("")
    assert "order" not in member.acquire(task_id).body
    assert application.queue.get(place.account, task_id).state is TaskState.QUEUED


def test_an_order_that_cannot_be_made_gives_the_task_back(application, place, member, monkeypatch) -> None:  # noqa: F811
    task_id = offered(application, place, member)

    def broken(*_: object) -> None:
        raise RuntimeError("of our own making")

    monkeypatch.setattr("pierhead.server.delegates.task_calls.ordered", broken)
    assert member.acquire(task_id).status == 500
    assert application.queue.get(place.account, task_id).state is TaskState.QUEUED
