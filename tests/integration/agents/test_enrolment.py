"""Who is let in, and as whom."""

import base64
import json

import pytest

from pierhead.control.scopes import Scope
from pierhead.protocol.signatures import SigningKey, enrolment_bytes, fingerprint, key_to_text, session_bytes, verify
from pierhead.testing.application import MemoryApplication


def test_a_delegate_with_a_token_is_let_in_and_the_server_proves_who_it_is(application, newcomer) -> None:
    delegate = newcomer()
    said = delegate.enrol()
    assert said.status == 200
    assert said.body["delegateId"] == delegate.id
    assert said.body["account"] == application.account.id
    proved = enrolment_bytes(delegate.id, application.account.id, delegate.server_key)
    assert verify(delegate.server_key, proved, base64.b64decode(said.body["proof"]))
    assert fingerprint(delegate.server_key) == application.server_key.id


def test_a_session_is_answered_with_a_proof_and_its_times(application, newcomer) -> None:
    delegate = newcomer()
    delegate.enrol()
    said = delegate.open_session()
    proved = session_bytes(delegate.id, delegate.session)
    assert verify(delegate.server_key, proved, base64.b64decode(said.body["proof"]))
    assert said.body["leaseS"] == application.queue.lease_s


def test_a_new_delegate_waits_for_approval_when_that_is_required(application, newcomer) -> None:
    application.agents._first_state = "WAITING_FOR_APPROVAL"
    assert newcomer().enrol().body["state"] == "WAITING_FOR_APPROVAL"


def test_a_wrong_token_lets_nobody_in(newcomer) -> None:
    for token in ("", "x", "cGR0LngueC4wMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMA=="):
        assert newcomer(token=token).enrol().status == 401


def test_a_revoked_token_lets_nobody_in(application: MemoryApplication, newcomer) -> None:
    application.delegate_tokens.revoke(Scope(application.account.id), "t")
    said = newcomer().enrol()
    assert (said.status, said.code) == (403, "delegate-token-revoked")


def test_a_key_that_the_sender_does_not_have_cannot_be_enrolled(newcomer) -> None:
    """The signature is the proof of having it."""
    stranger = SigningKey.generate()
    assert newcomer().enrol(signingKey=key_to_text(stranger.public)).status == 401


def test_a_delegate_that_nobody_let_in_is_told_to_enrol(newcomer) -> None:
    said = newcomer().open_session()
    assert (said.status, said.code) == (401, "delegate-unknown")


@pytest.mark.parametrize("path", ["enrol", "session", "poll", "close", "tasks/1/acquire", "tasks/1/finish"])
def test_nothing_is_heard_without_a_signature(client, path: str) -> None:
    answer = client.post(f"/pierhead/v1/agent/{path}", content=b"{}")
    assert answer.status_code == 401
    assert answer.json()["code"] == "invalid-signature"


def test_a_body_changed_on_the_way_is_refused(delegate) -> None:
    body = json.dumps({"session": delegate.session, "free": 1}).encode()
    headers = delegate.headers("poll", body)
    assert delegate.send("poll", body.replace(b"1}", b"9}"), headers).status == 401


def test_a_signature_for_one_path_is_none_for_another(delegate) -> None:
    body = json.dumps({"session": delegate.session}).encode()
    assert delegate.send("close", body, delegate.headers("tasks/1/acquire", body)).status == 401


@pytest.mark.parametrize("path", ["poll", "session", "enrol"])
def test_a_request_that_was_seen_before_is_refused(delegate, path: str) -> None:
    body = json.dumps({"session": delegate.session, "free": 1}).encode()
    if path != "poll":
        body = json.dumps({"session": delegate.session, **delegate._itself()}).encode()
    if path == "enrol":
        given = {"token": delegate.token, "name": delegate.name, "signingKey": key_to_text(delegate.signing.public)}
        given |= {"sealingKey": key_to_text(delegate.sealing.public), **delegate._itself()}
        body = json.dumps(given).encode()
    headers = delegate.headers(path, body)
    assert delegate.send(path, body, headers).status == 200
    said = delegate.send(path, body, headers)
    assert (said.status, said.code) == (401, "nonce-used")


@pytest.mark.parametrize("off_s", [-61, 61, -86400, 10**9])
def test_a_wrong_clock_is_told_the_time(application, delegate, off_s: int) -> None:
    now = application.clock.now().timestamp()
    body = b'{"session":"x","free":1}'
    said = delegate.send("poll", body, delegate.headers("poll", body, created=int(now + off_s)))
    assert (said.status, said.code, said.body["now"]) == (401, "clock-skew", now)


def test_who_has_a_second_process_is_asked_for_which_one_counts(delegate) -> None:
    first = delegate.session
    delegate.session = "f" * 32
    assert delegate.open_session().status == 200
    assert delegate.poll().status == 200
    said = delegate.poll(session=first)
    assert (said.status, said.code) == (409, "session-superseded")


def test_the_last_word_of_a_session_makes_the_delegate_go_at_once(application, delegate) -> None:
    assert delegate.post("close", {"session": delegate.session}).status == 200
    assert not application.delegates.find(application.account.id, delegate.id).is_connected


def test_a_process_that_is_replaced_cannot_end_the_one_that_counts(application, delegate) -> None:
    assert delegate.post("close", {"session": "0" * 32}).status == 409
    assert application.delegates.find(application.account.id, delegate.id).is_connected


def test_the_link_is_reached_below_the_gateway_too(client, delegate) -> None:
    body = json.dumps({"session": delegate.session, "free": 1}).encode()
    path = "/gateway/pierhead/v1/agent/poll"
    headers = delegate.headers("poll", body)
    assert client.post(path, content=body, headers=headers).status_code == 401  # signed for another target
