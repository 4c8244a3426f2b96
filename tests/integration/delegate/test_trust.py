"""Who the server is, and who is believed: nothing is obeyed that the pinned key has not proved."""

import shutil

import pytest

from pierhead.delegate.errors import (
    DelegateRevokedError,
    DelegateUnknownError,
    RefusedError,
    SessionSupersededError,
    StateInUseError,
    TokenNeededError,
    WrongServerError,
)
from pierhead.delegate.settings import DelegateSettings
from pierhead.delegate.state import StateDirectory
from pierhead.kit.redact import SecretValue
from pierhead.protocol.agent import FinishRequest, Order, OrderHead
from pierhead.protocol.signatures import SigningKey, order_bytes, signature_to_text
from pierhead.protocol.tasks import FailedResult, ListTagsTask, RegistryAccess
from pierhead.protocol.token_text import TokenText
from pierhead.testing.control_plane import ControlPlane, Script, Work

TASK = ListTagsTask(registry=RegistryAccess(url="http://127.0.0.1:1"), repository="a/b")


class NeverExecutor:
    """Nothing in these tests may ever come to be done."""

    def perform(self, task: object, report: object, cancel: object) -> None:
        raise AssertionError("an order was carried out")

    unreachable = perform

    def close(self) -> None: ...


def test_it_enrols_once_and_needs_no_token_after_that(plane: ControlPlane, start) -> None:
    first = start()
    plane.until(lambda: plane.count("poll"))
    first.stop()
    second = start(token=None)
    plane.until(lambda: plane.count("poll") > 1)
    assert plane.count("enrol") == 1
    assert plane.count("session") == 2
    assert second.id == first.id
    assert second.error is None


def test_without_a_token_the_first_start_says_how_to_get_one(start) -> None:
    running = start(token=None)
    running.join()
    assert isinstance(running.error, TokenNeededError)
    assert "token create" in running.error.hint


def test_a_token_that_the_server_refuses_ends_it(plane: ControlPlane, start) -> None:
    plane.tokens.clear()
    running = start()
    running.join()
    assert isinstance(running.error, RefusedError)
    assert running.error.refusal == "token-invalid"
    assert "s3cret-of-token" not in str(running.error)


def test_a_server_with_another_key_than_the_token_names_gets_no_delegate(plane: ControlPlane, start) -> None:
    other = TokenText("t1", SecretValue("s3cret-of-token"), SigningKey.generate().id).render()
    running = start(token=other)
    running.join()
    assert isinstance(running.error, WrongServerError)
    assert running.state.enrolment is None
    assert plane.count("session") == 0


def test_a_server_that_claims_the_key_without_having_it_is_found_out(plane: ControlPlane, start) -> None:
    class Liar(SigningKey):
        def sign(self, message: bytes) -> bytes:
            return SigningKey.generate().sign(message)

    true = SigningKey.generate()
    plane.key = Liar.from_bytes(true.to_bytes())
    running = start(token=plane.token())
    running.join()
    assert isinstance(running.error, WrongServerError)


def test_once_enrolled_another_server_is_refused_for_good(plane: ControlPlane, start) -> None:
    first = start()
    plane.until(lambda: plane.count("poll"))
    first.stop()
    plane.key = SigningKey.generate()  # set up anew, or somebody in between
    second = start(token=None)
    second.join()
    assert isinstance(second.error, WrongServerError)
    assert "remove the state directory" in second.error.hint
    third = start(token=plane.token())
    third.join()
    assert isinstance(third.error, WrongServerError)
    assert plane.count("poll") == 1


def forged(plane: ControlPlane, order: Order) -> Order:
    return order.model_copy(update={"signature": signature_to_text(SigningKey.generate().sign(b"x"))})


def with_head(plane: ControlPlane, order: Order, **change: object) -> Order:
    head = OrderHead.model_validate_json(order.head).model_copy(update=change).model_dump_json(by_alias=True)
    signature = signature_to_text(plane.key.sign(order_bytes(head, order.sealed)))
    return Order(head=head, sealed=order.sealed, signature=signature)


@pytest.mark.parametrize(
    "tamper",
    [
        forged,
        lambda plane, order: with_head(plane, order, delegate="another"),
        lambda plane, order: with_head(plane, order, task="another"),
        lambda plane, order: order.model_copy(update={"sealed": order.sealed[:-8] + "AAAAAAA="}),
        lambda plane, order: order.model_copy(update={"head": "{}"}),
    ],
)
def test_an_order_that_is_not_the_servers_or_not_for_us_has_no_effect(plane, start, caplog, tamper) -> None:
    running = start(NeverExecutor())
    work = plane.offer(Work("t1", TASK, tamper=lambda order: tamper(plane, order)))
    plane.until(lambda: "is not one" in caplog.text)
    assert work.ends == work.progress == []
    assert running.is_alive


def test_a_seal_that_does_not_open_is_told_the_server(plane: ControlPlane, start) -> None:
    start(NeverExecutor())
    work = plane.offer(Work("t1", TASK, tamper=lambda order: with_head(plane, order, fence=1, check_first=("x",))))
    plane.until(lambda: work.ends)
    assert isinstance(work.ends[0], FinishRequest)
    assert isinstance(work.ends[0].result, FailedResult)
    assert work.ends[0].result.error.code == "seal-broken"


def test_a_recorded_order_works_only_once(plane: ControlPlane, start, caplog) -> None:
    recorded: list[Order] = []

    def record(order: Order) -> Order:
        recorded.append(order)
        return recorded[0]

    start()
    work = plane.offer(Work("t1", TASK, tamper=record))
    plane.until(lambda: work.ends)
    plane.set(work={"t1": Work("t1", TASK, fence=1, tamper=record)})
    plane.until(lambda: "given before" in caplog.text)
    assert plane.work["t1"].ends == []


def test_revoked_means_the_end_and_work_under_way_stops(plane: ControlPlane, start) -> None:
    running = start()
    plane.until(lambda: plane.count("poll"))
    plane.revoke()
    running.join()
    assert isinstance(running.error, DelegateRevokedError)
    assert running.state.enrolment is not None


def test_a_new_token_brings_a_revoked_delegate_back(plane: ControlPlane, start) -> None:
    running = start()
    plane.until(lambda: plane.count("poll"))
    plane.revoke()
    running.join()
    again = start()  # the same token: no
    again.join()
    assert isinstance(again.error, DelegateRevokedError)
    plane.script(Script("/session", status=403, code="delegate-revoked"))
    plane.set(_revoked=False)
    new = start(token=plane.token("t2", "another"))
    polls = plane.count("poll")
    plane.until(lambda: plane.count("poll") > polls)
    assert plane.count("enrol") == 2
    assert new.state.enrolment.token_id == "t2"


def test_one_that_was_forgotten_enrols_again_if_it_has_a_token(plane: ControlPlane, start) -> None:
    running = start()
    plane.until(lambda: plane.count("poll"))
    plane.forget()
    plane.until(lambda: plane.count("enrol") == 2 and plane.count("poll") == 2)
    assert plane.known.keys() == {running.id}


def test_one_that_was_forgotten_and_has_no_token_ends(plane: ControlPlane, start) -> None:
    first = start()
    plane.until(lambda: plane.count("poll"))
    first.stop()
    running = start(token=None)
    plane.until(lambda: plane.count("poll") == 2)
    plane.forget()
    running.join()
    assert isinstance(running.error, DelegateUnknownError)


def test_a_copy_of_the_state_on_another_machine_takes_over_and_the_first_one_ends(
    plane, start, settings, tmp_path
) -> None:
    first = start()
    plane.until(lambda: plane.count("poll"))
    shutil.copytree(settings.state, tmp_path / "copy")
    start(state=tmp_path / "copy")
    plane.until(lambda: plane.count("session") == 2)
    plane.offer(Work("wakes-both", TASK))
    first.join()
    assert isinstance(first.error, SessionSupersededError)


def test_two_processes_do_not_share_a_state_directory(plane: ControlPlane, start, settings: DelegateSettings) -> None:
    start()
    plane.until(lambda: plane.count("poll"))
    with pytest.raises(StateInUseError):
        StateDirectory(settings.state)


def test_waiting_for_approval_says_once_how_to_approve_and_goes_on(plane: ControlPlane, start, caplog) -> None:
    plane.set(state="WAITING_FOR_APPROVAL", poll_s=0.3)
    start()
    plane.until(lambda: plane.count("poll") > 2)
    plane.set(state="ENABLED")
    plane.until(lambda: "approved" in caplog.text)
    told = [record.message for record in caplog.records if "delegate approve edge" in record.message]
    assert len(told) == 1


def test_a_wrong_clock_is_corrected_by_the_servers(plane: ControlPlane, start) -> None:
    plane.set(clock_offset_s=86_400.0)
    running = start()
    work = plane.offer(Work("t1", TASK))
    plane.until(lambda: work.ends)
    plane.set(clock_offset_s=-3_600.0)  # it jumps, too
    work = plane.offer(Work("t2", TASK))
    plane.until(lambda: work.ends)
    assert running.is_alive


def test_it_talks_to_its_server_only_and_follows_nobody_elsewhere(plane: ControlPlane, start, caplog) -> None:
    with ControlPlane() as other:
        plane.script(Script("/enrol", times=3, status=307, code="x", headers={"Location": f"{other.url}/enrol"}))
        start()
        plane.until(lambda: plane.count("poll"))
        assert other.seen == []
