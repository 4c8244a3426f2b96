"""Tasks on the agent link: offered, taken, reported on, ended; and what nobody else may do with them."""

import pytest

from pierhead.control.audit import Action, AuditFilter
from pierhead.control.connectors import ConnectivityStatus, parse_connector
from pierhead.control.scopes import Scope
from pierhead.control.secrets import SecretDraft
from pierhead.control.tasks import TaskState
from pierhead.kit.paging import PageRequest
from pierhead.kit.redact import SecretValue
from pierhead.protocol.tasks import TestConnectionTask
from pierhead.testing.application import MemoryApplication

from .conftest import token_of

PASSWORD = "dckr_pat_not_for_everybody"
GOOD = {"kind": "testConnection", "outcome": "success", "steps": []}


@pytest.fixture
def place(application: MemoryApplication) -> Scope:
    """Where the connector ``private`` stands: for delegates with the tag ``dmz``, with a password."""
    scope = Scope(application.account.id)
    application.secrets.create(SecretDraft(scope, "pw", "pw", SecretValue(PASSWORD)))
    auth = {"type": "UsernamePassword", "spec": {"username": "ci", "passwordRef": "account.pw"}}
    save(application, delegateSelectors=["dmz"], auth=auth)
    return scope


def save(application: MemoryApplication, **spec: object) -> None:
    given = {
        "dockerRegistryUrl": "https://registry.internal:5000",
        "providerType": "Other",
        "auth": {"type": "Anonymous"},
        **spec,
    }
    document = {"identifier": "private", "name": "private", "type": "DockerRegistry", "spec": given}
    application.connectors.create(parse_connector({"connector": document}, application.account.id))


@pytest.fixture
def member(newcomer):
    return newcomer(tags=("dmz",)).join()


def started(application: MemoryApplication, scope: Scope) -> str:
    return application.connector_tasks.real.start_test(scope, "private")


def offered(application: MemoryApplication, scope: Scope, delegate) -> str:
    """A test of the connector, offered to the delegate."""
    task_id = started(application, scope)
    application.dispatcher.dispatch()
    offers = delegate.poll().body["offers"]
    assert [offer["task"] for offer in offers] == [task_id]
    return task_id


def leased(application: MemoryApplication, scope: Scope, delegate) -> tuple[str, int]:
    task_id = offered(application, scope, delegate)
    head, _ = delegate.take(task_id)
    return task_id, head.fence


def test_a_task_goes_from_offer_to_status(application, place, member) -> None:
    task_id = offered(application, place, member)
    head, task = member.take(task_id)
    assert (head.delegate, head.kind, head.check_first) == (
        member.id,
        "testConnection",
        ("https://registry.internal:5000",),
    )
    assert isinstance(task, TestConnectionTask)
    assert task.registry.password.get_secret_value() == PASSWORD
    assert member.progress(task_id, head.fence).body == {"isCancelRequested": False}
    assert member.finish(task_id, head.fence, GOOD).status == 200
    status = application.connectors.get(place, "private").status
    assert status.status is ConnectivityStatus.SUCCESS
    row = application.queue.get(place.account, task_id)
    assert (row.state, row.result["outcome"]) == (TaskState.SUCCEEDED, "success")


def test_a_test_is_due_again_after_half_an_hour(application, place, member) -> None:
    task_id, fence = leased(application, place, member)
    member.finish(task_id, fence, GOOD)
    for seconds, due in ((1799, ()), (2, ((place, "private"),))):
        application.clock.advance(seconds)
        with application.store.transaction() as tx:
            now = application.clock.now()
            assert tx.connectors.claim_due_tests(now, now, 10) == due


def test_an_offer_made_before_the_first_poll_is_told_with_it(application, place, newcomer) -> None:
    delegate = newcomer(tags=("dmz",)).join()
    task_id = started(application, place)
    application.dispatcher.dispatch()
    assert delegate.poll().body["offers"] == [{"task": task_id, "kind": "testConnection"}]


def test_whoever_is_full_or_drains_is_offered_nothing(application, place, member) -> None:
    member.poll()
    started(application, place)
    application.dispatcher.dispatch()
    assert member.poll(free=0).body["offers"] == []
    assert member.poll(isDraining=True).body["offers"] == []
    assert len(member.poll().body["offers"]) == 1


def test_a_delegate_without_the_tag_gets_neither_task_nor_secret(application, place, member, newcomer) -> None:
    other = newcomer(name="other", tags=("lan",)).join()
    task_id = offered(application, place, member)
    assert other.poll().body["offers"] == []
    assert "order" not in other.acquire(task_id).body
    assert PASSWORD not in str(other.acquire(task_id).body)
    assert member.take(task_id) is not None


def test_a_delegate_of_another_account_learns_nothing_of_the_task(application, place, member, newcomer) -> None:
    account, _ = application.access.create_account()
    stranger = newcomer(token=token_of(application, Scope(account.id)), tags=("dmz",)).join()
    task_id, fence = leased(application, place, member)
    assert "order" not in stranger.acquire(task_id).body
    for said in (stranger.progress(task_id, fence), stranger.finish(task_id, fence, GOOD)):
        assert (said.status, said.code) == (404, "task-not-found")


@pytest.mark.parametrize("verb", ["progress", "finish", "release", "decline"])
def test_nobody_speaks_for_the_task_of_another(application, place, member, newcomer, verb: str) -> None:
    task_id, fence = leased(application, place, member)
    other = newcomer(tags=("dmz",), host_name="probe-2").join()
    message: dict[str, object] = {"fence": fence}
    if verb == "finish":
        message["result"] = GOOD
    if verb == "decline":
        message["unreachable"] = [{"origin": "x", "code": "x", "message": "x"}]
    said = other.post(f"tasks/{task_id}/{verb}", message)
    assert (said.status, said.code) == (403, "not-your-task")
    assert application.queue.get(place.account, task_id).state is TaskState.LEASED
    other.post(f"tasks/{task_id}/{verb}", message)  # who tries on and on fills no trail
    told = application.audit.list(place.account, AuditFilter(actions=(Action.REFUSED,)), PageRequest()).items
    assert [(record.entry.by.type, record.entry.by.identifier) for record in told] == [("DELEGATE", other.id)]
    assert told[0].entry.subject.identifier == task_id


def test_the_result_of_an_old_lease_changes_nothing(application, place, member, newcomer) -> None:
    task_id, old = leased(application, place, member)
    other = newcomer(tags=("dmz",), host_name="probe-2").join()
    application.clock.advance(application.queue.lease_s + 1)
    application.agents.seen([member.id, other.id])
    application.runs.sweep()
    application.dispatcher.dispatch()
    holder = next(each for each in (other, member) if task_id in str(each.poll().body))
    head, _ = holder.take(task_id)
    assert head.fence > old
    for said in (member.progress(task_id, old), member.finish(task_id, old, GOOD)):
        assert (said.status, said.code) == (409, "stale-lease")
    assert application.queue.get(place.account, task_id).state is TaskState.LEASED
    assert application.connectors.get(place, "private").status is None
    assert holder.finish(task_id, head.fence, GOOD).status == 200


def test_saying_the_same_end_twice_is_heard_once(application, place, member) -> None:
    task_id, fence = leased(application, place, member)
    assert member.finish(task_id, fence, GOOD).status == 200
    before = application.queue.get(place.account, task_id)
    application.clock.advance(5)
    assert member.finish(task_id, fence, {**GOOD, "outcome": "failure"}).status == 200
    assert application.queue.get(place.account, task_id) == before


def test_the_result_of_another_kind_of_task_is_refused(application, place, member) -> None:
    task_id, fence = leased(application, place, member)
    said = member.finish(task_id, fence, {"kind": "listTags", "name": "a", "tags": [], "truncated": False})
    assert (said.status, said.code) == (400, "foreign-report")
    assert application.queue.get(place.account, task_id).state is TaskState.LEASED


def test_a_task_that_cannot_be_ordered_fails_with_the_reason(application, place, member) -> None:
    task_id = offered(application, place, member)
    application.connectors.delete(place, "private")
    assert "order" not in member.acquire(task_id).body
    row = application.queue.get(place.account, task_id)
    assert (row.state, row.error["code"]) == (TaskState.FAILED, "connector-missing")


def test_a_cancel_reaches_the_holder_with_its_poll_and_with_its_progress(application, place, member) -> None:
    task_id, fence = leased(application, place, member)
    application.connector_tasks.cancel(place.account, task_id)
    assert member.poll().body["cancel"] == [task_id]
    assert member.progress(task_id, fence).body == {"isCancelRequested": True}
    failed = {"kind": "failed", "error": {"code": "cancelled", "category": "conflict", "message": "m"}}
    assert member.finish(task_id, fence, failed, isCancelled=True).status == 200
    assert application.queue.get(place.account, task_id).state is TaskState.CANCELLED
    assert application.connectors.get(place, "private").status is None


def test_a_task_given_back_goes_to_somebody_again(application, place, member) -> None:
    task_id, fence = leased(application, place, member)
    assert member.post(f"tasks/{task_id}/release", {"fence": fence}).status == 200
    row = application.queue.get(place.account, task_id)
    assert (row.state, row.attempts) == (TaskState.QUEUED, 0)


def test_a_registry_out_of_reach_is_remembered_and_the_connector_says_so(application, place, member) -> None:
    task_id, fence = leased(application, place, member)
    origin = "https://registry.internal:5000"
    out = {"origin": origin, "code": "connect-refused", "message": "nothing listens there"}
    said = member.post(f"tasks/{task_id}/decline", {"fence": fence, "unreachable": [out]})
    assert said.status == 200
    with application.store.snapshot() as tx:
        (record,) = tx.experiences.list([member.id], [origin])
    assert not record.is_success
    application.dispatcher.dispatch()
    status = application.connectors.get(place, "private").status
    assert status.status is ConnectivityStatus.FAILURE
    assert "nothing listens there" in status.errors[0].message


@pytest.mark.parametrize(
    ("error", "is_reached"),
    [
        (None, True),
        ({"code": "registry-unauthenticated", "exchange": {"method": "GET", "url": "u", "status": 401}}, True),
        ({"code": "connect-refused"}, False),
        ({"code": "tls-failed"}, False),
        ({"code": "proxy-refused"}, False),
        ({"code": "name-not-resolved"}, False),
        ({"code": "cancelled"}, None),
    ],
)
def test_what_a_result_says_of_the_registry_is_learned(application, place, member, error, is_reached) -> None:
    task_id, fence = leased(application, place, member)
    said = GOOD if error is None else {**GOOD, "outcome": "failure"}
    if error is not None:
        said["error"] = {"category": "unavailable", "message": "m", **error}
    assert member.finish(task_id, fence, said).status == 200
    with application.store.snapshot() as tx:
        records = tx.experiences.list([member.id], ["https://registry.internal:5000"])
    assert [record.is_success for record in records] == ([] if is_reached is None else [is_reached])


def test_nobody_there_is_the_status_of_the_connector(application, place) -> None:
    task_id = started(application, place)
    application.dispatcher.dispatch()
    row = application.queue.get(place.account, task_id)
    assert (row.state, row.error["code"]) == (TaskState.DEAD, "no-eligible-delegates")
    status = application.connectors.get(place, "private").status
    assert (status.status, status.errors[0].reason) == (ConnectivityStatus.FAILURE, "no-eligible-delegates")


def test_a_delegate_that_waits_for_approval_gets_no_order(application, place, newcomer) -> None:
    application.agents._first_state = "WAITING_FOR_APPROVAL"
    waiting = newcomer(tags=("dmz",)).join()
    task_id = started(application, place)
    application.dispatcher.dispatch()
    assert waiting.poll().body == {"state": "WAITING_FOR_APPROVAL", "offers": [], "cancel": []}
    assert waiting.acquire(task_id).status == 403
