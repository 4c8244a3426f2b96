"""Watches polled through the connector's own path, against a fake registry."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pierhead.control.connectors import parse_connector
from pierhead.control.scopes import Scope
from pierhead.control.sources import EventKind, TagRule, Watch, WatchDraft, WatchEvent, WatchMissingError
from pierhead.kit.paging import PageRequest
from pierhead.server.jobs import watching
from pierhead.server.jobs.makers_rights import MakersRights
from pierhead.server.jobs.watching import Asks, Watching, WatchPolling
from pierhead.testing.application import MemoryApplication, memory_application
from pierhead.testing.fake_registry import FakeRegistry, Scripted
from pierhead.testing.images import Image, image, layer

ONE, TWO = image([layer({"a": "1"})]), image([layer({"a": "2"})])


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    with FakeRegistry(page_cap=2) as registry:
        yield registry


@pytest.fixture
def application(tmp_path: Path, fake: FakeRegistry) -> Iterator[MemoryApplication]:
    made = memory_application(tmp_path)
    spec = {"dockerRegistryUrl": fake.url, "providerType": "Other", "auth": {"type": "Anonymous"}}
    more = {"executeOnDelegate": False, "allowPrivateAddresses": True}
    document = {"connector": {"identifier": "c", "name": "c", "type": "DockerRegistry", "spec": {**spec, **more}}}
    made.connectors.create(parse_connector(document, made.account.id))
    yield made
    made.close()


class Watched:
    def __init__(self, application: MemoryApplication, fake: FakeRegistry) -> None:
        self.application = application
        self.fake = fake
        self.scope = Scope(application.account.id)
        self.polling = self.polled_by(application.connector_tasks.real)

    def polled_by(self, tasks: Asks) -> WatchPolling:
        application = self.application
        return WatchPolling(application.watches, application.connectors, tasks, MakersRights(application.access))

    def make(self, identifier: str = "w", image: str = "team/app", connector: str = "account.c", **rule: str) -> Watch:
        parsed = TagRule.parse(rule.get("tag"), rule.get("regex"), rule.get("semver"))
        draft = WatchDraft(self.scope, identifier, identifier, connector, image, parsed)
        return self.application.watches.create(draft).watch

    def push(self, tag: str, made: Image = ONE) -> str:
        return str(self.fake.add("team/app", tag, made))

    def poll(self, identifier: str = "w", seconds: float = 300) -> Any:
        self.application.clock.advance(seconds)
        return self.polling.poll(self.scope, identifier)


@pytest.fixture
def watched(application: MemoryApplication, fake: FakeRegistry) -> Watched:
    return Watched(application, fake)


def test_new_and_moved_tags_are_seen_from_the_second_look_on(watched: Watched) -> None:
    one = watched.push("1.0")
    for tag in ("0.8", "0.9", "latest", "nightly"):
        watched.push(tag)
    watched.make(regex=".*")
    first = watched.poll()
    assert first.events == ()
    assert (first.watched.state.listed, first.watched.state.newest) == (5, "1.0")
    two = watched.push("1.1", TWO)
    watched.push("latest", TWO)
    second = watched.poll()
    at = watched.application.clock.now()
    assert second.events == (
        WatchEvent(EventKind.MOVED, "latest", at, one, two),
        WatchEvent(EventKind.NEW, "1.1", at, None, two),
    )
    assert second.watched.state.newest == "1.1"
    assert watched.poll().events == ()
    kept = watched.application.watches.events(watched.scope, "w", PageRequest())
    assert kept.items == tuple(reversed(second.events))


def test_one_tag_is_watched_without_a_list_and_without_a_get(watched: Watched) -> None:
    one = watched.push("latest")
    watched.make(tag="latest")
    watched.poll()
    watched.fake.forget_requests()
    two = watched.push("latest", TWO)
    [event] = watched.poll().events
    assert (event.kind, event.old_digest, event.new_digest) == (EventKind.MOVED, one, two)
    assert (watched.fake.count(), watched.fake.count("HEAD", "manifests")) == (1, 1)


def test_a_tag_that_appears_where_there_was_none_is_new(watched: Watched) -> None:
    watched.push("other")
    watched.make(tag="latest")
    assert watched.poll().watched.state.matching == 0
    watched.push("latest")
    assert [event.kind for event in watched.poll().events] == [EventKind.NEW]


def test_a_list_that_ends_early_is_an_error_and_takes_nothing_away(watched: Watched) -> None:
    for tag in ("1.0", "1.1", "1.2"):
        watched.push(tag)
    watched.make(regex=".*")
    good = watched.poll().watched.state
    watched.fake.faults.script(Scripted("GET", "/tags/list", 200, b'{"tags": ["1.0"]', times=99))
    bad = watched.poll()
    assert (bad.events, bad.watched.state.newest, bad.watched.state.matching) == ((), "1.2", 3)
    assert bad.watched.state.good_at == good.good_at
    assert (bad.watched.state.failures, bad.watched.state.error_code) == (1, "bad-response")
    known = watched.application.watches.tags(watched.scope, "w")
    assert all(seen.missing_since is None for seen in known.values())


def test_digests_that_cannot_be_read_do_not_hide_a_new_tag(watched: Watched) -> None:
    watched.push("1.0")
    watched.make(regex=".*")
    watched.poll()
    watched.push("1.1", TWO)
    for method in ("HEAD", "GET"):
        watched.fake.faults.script(Scripted(method, "/manifests/1.1", 401, times=99))
        watched.fake.faults.script(Scripted(method, "/manifests/1.0", 401, times=99))
    [event] = (polled := watched.poll()).events
    assert (event.kind, event.tag, event.new_digest) == (EventKind.NEW, "1.1", None)
    state = polled.watched.state
    assert (state.unread, state.failures, state.error_code) == (2, 0, "registry-unauthenticated")


def test_what_is_wrong_with_the_connector_is_kept_with_the_watch(watched: Watched) -> None:
    watched.make("gone", connector="account.none", regex=".*")
    assert watched.poll("gone").watched.state.error_code == "connector-not-found"
    watched.make("unknown", image="team/none", regex=".*")
    assert watched.poll("unknown").watched.state.error_code == "repository-unknown"
    with pytest.raises(WatchMissingError):
        watched.poll("none")


def test_a_listener_hears_each_event_in_its_transaction_and_can_stop_it(watched: Watched) -> None:
    watched.push("1.0")
    watched.make(regex=".*")
    watched.poll()
    watched.push("1.1")
    heard: list[str] = []

    def hear(tx: Any, watch: Watch, event: WatchEvent) -> None:
        assert tx.watch_records.find_state(watch.scope, watch.identifier) is not None
        heard.append(event.tag)
        if len(heard) == 1:
            raise RuntimeError("no notice, no event")

    watched.application.watches.on_event(hear)
    with pytest.raises(RuntimeError):
        watched.poll()
    assert watched.application.watches.events(watched.scope, "w", PageRequest()).total == 0
    assert len(watched.poll().events) == 1
    assert heard == ["1.1", "1.1"]


def test_a_poll_that_was_overtaken_says_nothing(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    watched.push("1.0")
    watched.make(regex=".*")
    watched.poll()
    tasks = watched.application.connector_tasks.real
    slow = tasks.read_tags
    other = watched.polled_by(tasks)

    def overtaken(*args: Any) -> Any:
        monkeypatch.setattr(tasks, "read_tags", slow)
        found = slow(*args)
        watched.push("1.0", TWO)
        watched.application.clock.advance(1)
        assert len(other.poll(watched.scope, "w").events) == 1
        return found

    monkeypatch.setattr(tasks, "read_tags", overtaken)
    assert watched.poll().events == ()
    assert watched.application.watches.events(watched.scope, "w", PageRequest()).total == 1


def test_the_loop_polls_what_is_due(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "_LOOK_EVERY_S", 0.01)
    watched.push("1.0")
    for number in range(6):
        watched.make(f"w{number}", regex=".*")
    loop = Watching(watched.application.watches, watched.polling)
    loop.start()
    try:
        ends_at = time.monotonic() + 5
        while any(_state(watched, f"w{number}").good_at is None for number in range(6)):
            assert time.monotonic() < ends_at
            time.sleep(0.01)
    finally:
        loop.close()
    assert {_state(watched, f"w{number}").listed for number in range(6)} == {1}


def test_two_servers_do_not_poll_one_watch_at_once(watched: Watched) -> None:
    watched.make(regex=".*")
    assert watched.application.watches.claim_due(9) == ((watched.scope, "w"),)
    assert watched.application.watches.claim_due(9) == ()
    watched.application.clock.advance(301)
    assert watched.application.watches.claim_due(9) == ((watched.scope, "w"),)


def _state(watched: Watched, identifier: str) -> Any:
    return watched.application.watches.get(watched.scope, identifier).state
