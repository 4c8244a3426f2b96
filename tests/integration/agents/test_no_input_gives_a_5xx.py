"""Whatever a delegate sends, well signed or not, the answer is one that was meant: a refusal in one shape, no crash."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from pierhead.adapters.sql import SqlStore
from pierhead.control.delegates import Route
from pierhead.control.scopes import Scope
from pierhead.protocol.agent import AGENT_PATH, Refusal
from pierhead.server.app import create_app, entrance
from pierhead.server.jobs.payloads import TAGS_KIND
from pierhead.server.jobs.payloads import Place as Connector
from pierhead.testing.application import memory_application
from pierhead.testing.scripted_delegate import Said, ScriptedDelegate

from .conftest import enlisting, token_of
from .test_tasks import offered, save

BOUNDED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
HUGE = 10**40
texts = st.sampled_from(["", "x", "\0", "\ud800", "ENABLED", "a" * 70]) | st.text(max_size=20)
scalars = st.none() | st.booleans() | st.integers() | st.just(HUGE) | st.floats(allow_nan=False) | texts
anything = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))
digests = st.none() | st.just("sha256:" + "a" * 64) | texts
errors = st.none() | st.fixed_dictionaries(
    {"code": texts, "category": texts, "message": texts},
    optional={"hint": texts, "exchange": st.fixed_dictionaries({"method": texts, "url": texts, "status": scalars})},
)
numbers = st.none() | st.integers() | st.just(HUGE) | st.just(-HUGE)
image_events = st.fixed_dictionaries(
    {"key": texts, "state": st.sampled_from(["pulled", "failed", "resolving", "x"])},
    optional={"digest": digests, "bytesTotal": numbers, "bytesDone": numbers, "seconds": scalars, "error": errors},
)
results = st.one_of(
    st.fixed_dictionaries(
        {"kind": st.just("testConnection"), "outcome": st.sampled_from(["success", "failure"]), "steps": st.just([])},
        optional={"error": errors, "rateLimit": st.fixed_dictionaries({"limit": numbers})},
    ),
    st.fixed_dictionaries({"kind": st.just("pull"), "images": st.lists(image_events, max_size=2)}),
    st.fixed_dictionaries({"kind": st.just("failed"), "error": errors}),
    anything,
)
verbs = st.sampled_from(["acquire", "progress", "finish", "release", "decline"])


class Place:
    """The link on the real database, so that nothing which only a database refuses goes unseen."""

    def __init__(self, directory, store) -> None:
        self.application = memory_application(directory, store, approval=False)
        self.application.hub.poll_s = 0.001
        save(self.application, delegateSelectors=["dmz"])
        self.scope = Scope(self.application.account.id)
        self.client = TestClient(entrance(create_app(self.application)), raise_server_exceptions=False)
        token = token_of(self.application, self.scope)
        self.delegate: ScriptedDelegate = enlisting(self.application, self.client, token)(tags=("dmz",)).join()
        self.held: tuple[str, int] | None = None

    def lease(self) -> tuple[str, int]:
        """A task that the delegate holds: the same as long as it is not ended."""
        if self.held is not None and self.application.queue.get(self.scope.account, self.held[0]).state == "LEASED":
            return self.held
        assert self.delegate.open_session().status == 200  # other tests have it say other things of itself
        self.application.hub.poll_s = 1.0
        task_id = offered(self.application, self.scope, self.delegate)
        self.application.hub.poll_s = 0.001
        head, _ = self.delegate.take(task_id)
        self.held = (task_id, head.fence)
        return self.held


@pytest.fixture(scope="module")
def link(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("link")
    store = SqlStore(directory / "link.db")
    place = Place(directory, store)
    with place.client:
        yield place
    place.application.close()
    store.close()


def check(said: Said) -> None:
    assert said.status < 500, said
    if said.status >= 400:
        Refusal.model_validate(said.body)


@BOUNDED
@given(path=st.sampled_from(["enrol", "session", "poll", "close", "tasks/x/acquire", "tasks/x/finish"]), body=anything)
def test_no_message_is_too_much(link: Place, path: str, body: object) -> None:
    check(link.delegate.post(path, body))


@BOUNDED
@given(path=st.sampled_from(["enrol", "session", "poll", "tasks/x/progress"]), body=st.binary(max_size=80))
def test_no_bytes_are_too_much(link: Place, path: str, body: bytes) -> None:
    check(link.delegate.post(path, body))


@BOUNDED
@given(name=texts, values=anything, more=st.booleans())
def test_no_self_description_is_too_much(link: Place, name: str, values: object, more: bool) -> None:
    for field in ("hostName", "tags", "kinds", "capacity", "version", "description"):
        check(link.delegate.enrol(**{field: values if more else name}))
        check(link.delegate.open_session(session=link.delegate.session, **{field: values}))


@BOUNDED
@given(result=results, images=st.lists(image_events, max_size=2), other=anything, is_cancelled=st.booleans())
def test_no_report_is_too_much(link: Place, result, images, other, is_cancelled: bool) -> None:
    task_id, fence = link.lease()
    check(link.delegate.progress(task_id, fence, images=images))
    check(link.delegate.progress(task_id, fence, checkpoint=other))
    check(link.delegate.post(f"tasks/{task_id}/decline", {"fence": fence - 1, "unreachable": other}))
    check(link.delegate.finish(task_id, fence, result, isCancelled=is_cancelled))


@BOUNDED
@given(
    path=st.text(max_size=30).map(lambda text: text.encode("utf-8", "surrogatepass").hex()) | st.just("%00/%ff"),
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "OPTIONS"]),
    fields=st.dictionaries(
        st.sampled_from(["signature", "signature-input", "content-digest", "content-length"]),
        st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40),
    ),
)
def test_no_request_is_too_much(link: Place, path: str, method: str, fields: dict[str, str]) -> None:
    answer = link.client.request(method, f"{AGENT_PATH}/{path}", headers=fields, content=b"{}")
    check(Said(answer.status_code, answer.headers, json.loads(answer.content)))
    assert answer.headers["x-correlation-id"]


def test_a_body_over_the_cap_is_refused_before_it_is_read(link: Place) -> None:
    for path, size in (("poll", 2**20 + 1), ("tasks/x/finish", 8 * 2**20 + 1)):
        said = link.delegate.post(path, b" " * size)
        assert (said.status, said.code) == (413, "body-too-large")


def test_a_result_that_is_too_large_to_be_kept_fails_the_task(link: Place) -> None:
    """Tags of four million characters fit through the door, and not into the row."""
    application, scope = link.application, link.scope
    payload = {**Connector(scope, "private").to_json(), "repository": "a", "limit": 10}
    with application.store.transaction() as tx:
        route = Route(scope, ("dmz",), "connector", ("https://registry.internal:5000",)).to_json()
        task = application.queue.enqueue(tx, scope.account, TAGS_KIND, payload, route=route)
    assert link.delegate.open_session().status == 200
    application.dispatcher.dispatch()
    head, _ = link.delegate.take(task.id)
    result = {"kind": "listTags", "name": "a", "tags": ["x" * 1000] * 4300, "truncated": False}
    assert link.delegate.finish(task.id, head.fence, result).status == 200
    row = application.queue.get(scope.account, task.id)
    assert (row.state, row.error["code"], row.result) == ("FAILED", "result-too-large", None)
