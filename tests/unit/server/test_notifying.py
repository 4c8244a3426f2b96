"""Notices told, signed and delivered: at least once, in order, with pauses, and never to where nothing may go."""

import hashlib
import hmac
import json
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pierhead.control.mirroring import MirrorRun, Trigger
from pierhead.control.notices import (
    Deliverer,
    DeliveryState,
    News,
    Receipt,
    Subscription,
    SubscriptionDraft,
    TooManySubscriptionsError,
    Topic,
    tell,
)
from pierhead.control.scopes import Scope
from pierhead.control.secrets import SecretDraft, SecretMissingError
from pierhead.control.sources import EventKind, TagRule, WatchDraft, WatchEvent
from pierhead.kit.errors import UnavailableError
from pierhead.kit.paging import PageRequest
from pierhead.kit.redact import SecretValue
from pierhead.server.jobs.notifying import Notifying, ReleaseNews
from pierhead.testing.application import MemoryApplication, memory_application
from pierhead.testing.webhooks import ObedientWebhooks

SECRET = "signing-secret-of-the-test"
URL = "https://hooks.example.com/x"


class Office:
    """An application with a subscription, and short words for what happens in it."""

    def __init__(self, directory: Path) -> None:
        self.application: MemoryApplication = memory_application(directory)
        self.scope = Scope(self.application.account.id)
        self.webhooks: ObedientWebhooks = self.application.webhooks
        self.deliverer: Deliverer = self.application.noticing.deliverer
        self.application.secrets.create(SecretDraft(self.scope, "hook", "hook", SecretValue(SECRET)))

    def subscribe(self, identifier: str = "s", url: str = URL, **more: Any) -> Subscription:
        draft = SubscriptionDraft(
            **{"scope": self.scope, "name": "s", "secret": "hook", **more}, identifier=identifier, url=url
        )
        return self.application.noticing.service.create(draft)

    def tell(self, key: str, topic: Topic = Topic.MIRROR_FAILED, scope: Scope | None = None, **more: Any) -> bool:
        news = News(scope or self.scope, topic, f"title of {key}", "text", "MIRROR", "m", key, **more)
        with self.application.store.transaction() as tx:
            return tell(tx, news, self.application.clock.now()) is not None

    def deliver(self, seconds: float = 0) -> list[str]:
        """The titles sent by all that was due then."""
        self.application.clock.advance(seconds)
        before = len(self.webhooks.posted)
        while claimed := self.deliverer.claim(9):
            for each in claimed:
                self.deliverer.deliver(each)
        return [json.loads(each.body)["notice"]["title"] for each in self.webhooks.posted[before:]]

    def deliveries(self, identifier: str = "s") -> list[Any]:
        return list(self.application.noticing.service.deliveries(self.scope, identifier, PageRequest()).items)


@pytest.fixture
def office(tmp_path: Path) -> Any:
    made = Office(tmp_path)
    yield made
    made.application.close()


def test_a_delivery_is_signed_over_its_moment_and_its_body(office: Office) -> None:
    office.subscribe()
    office.tell("one", details={"tags": ["1.0"]})
    assert office.deliver() == ["title of one"]
    [posted] = office.webhooks.posted
    timestamp = posted.headers["Pierhead-Timestamp"]
    assert timestamp == str(int(office.application.clock.now().timestamp()))
    expected = hmac.new(SECRET.encode(), timestamp.encode() + b"." + posted.body, hashlib.sha256).hexdigest()
    assert posted.headers["Pierhead-Signature"] == f"v1={expected}"
    body = json.loads(posted.body)
    assert body["deliveryId"] == posted.headers["Pierhead-Delivery"] == office.deliveries()[0].id
    assert (body["notice"]["topic"], body["notice"]["details"]) == ("mirror.failed", {"tags": ["1.0"]})
    assert SECRET not in repr((posted.body, dict(posted.headers), office.application.store._committed))


def test_news_with_the_same_key_are_told_once(office: Office) -> None:
    office.subscribe()
    assert office.tell("one")
    assert not office.tell("one")
    assert office.deliver() == ["title of one"]
    assert office.deliver(86_400) == []


def test_a_notice_that_is_rolled_back_was_never_told(office: Office) -> None:
    office.subscribe()
    news = News(office.scope, Topic.TEST, "t", "t", "X", "x", "k")

    def told_and_rolled_back() -> None:
        with office.application.store.transaction() as tx:
            assert tell(tx, news, office.application.clock.now())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        told_and_rolled_back()
    assert office.deliver() == []


def test_who_gets_what_depends_on_topic_scope_and_switch(office: Office) -> None:
    project = office.application.place("o", "p")
    office.subscribe("own")
    office.subscribe("deep", "https://deep.example.com/", with_children=True)
    office.subscribe("some", "https://some.example.com/", topics=(Topic.HOTFIX_AVAILABLE,))
    office.subscribe("off", "https://off.example.com/", is_enabled=False)
    office.tell("above")
    office.tell("below", scope=project)
    office.tell("fix", Topic.HOTFIX_AVAILABLE)
    office.deliver()
    got = [(each.url, json.loads(each.body)["notice"]["title"]) for each in office.webhooks.posted]
    assert sorted(got) == [
        ("https://deep.example.com/", "title of above"),
        ("https://deep.example.com/", "title of below"),
        ("https://deep.example.com/", "title of fix"),
        (URL, "title of above"),
        (URL, "title of fix"),
        ("https://some.example.com/", "title of fix"),
    ]


def test_what_comes_later_waits_for_what_failed(office: Office) -> None:
    office.subscribe()
    office.subscribe("other", "https://other.example.com/")
    office.webhooks.answers[URL] = Receipt(500)
    office.tell("one")
    office.tell("two")
    assert office.deliver() == ["title of one", "title of one", "title of two"]  # the other one gets both
    assert [(each.state, each.attempts, each.error_code) for each in office.deliveries()] == [
        (DeliveryState.WAITING, 0, ""),
        (DeliveryState.WAITING, 1, "webhook-refused"),
    ]
    assert office.deliver(9) == []
    assert office.deliver(1) == ["title of one"]
    office.webhooks.answers[URL] = Receipt(200)
    assert office.deliver(19) == []
    assert office.deliver(1) == ["title of one", "title of two"]
    ids = [json.loads(each.body)["deliveryId"] for each in office.webhooks.posted if each.url == URL]
    assert ids[0] == ids[1] == ids[2] != ids[3]
    assert [each.state for each in office.deliveries()] == [DeliveryState.DELIVERED] * 2


def test_a_receiver_that_asks_for_time_gets_it(office: Office) -> None:
    office.subscribe()
    office.webhooks.answers[URL] = Receipt(429, retry_after_s=100.0)
    office.tell("one")
    office.deliver()
    assert office.deliver(99) == []
    assert office.deliver(1) == ["title of one"]


def test_after_a_day_a_delivery_is_given_up_and_shown(office: Office) -> None:
    office.subscribe()
    office.webhooks.answers[URL] = UnavailableError("nobody is there")
    office.tell("one")
    tries = sum(len(office.deliver(600)) for _ in range(24 * 6 + 1))
    assert 20 < tries < 40
    [ended] = office.deliveries()
    assert (ended.state, ended.error) == (DeliveryState.GIVEN_UP, "nobody is there")
    assert ended.finished_at - ended.created_at == timedelta(days=1)
    assert office.deliver(86_400) == []


def test_a_server_that_dies_between_sending_and_marking_sends_again_under_the_same_id(office: Office) -> None:
    office.subscribe()
    office.tell("one")
    [claimed] = office.deliverer.claim(9)
    office.deliverer._sent(
        office.application.noticing.service.get(office.scope, "s"),
        claimed,
        office.application.noticing.service.notices(office.scope.account, PageRequest()).items[0],
    )  # and here it is killed
    assert office.deliver(119) == []
    assert office.deliver(1) == ["title of one"]
    first, second = (each.headers["Pierhead-Delivery"] for each in office.webhooks.posted)
    assert first == second
    assert office.deliverer.deliver(claimed) is None  # it comes back from the dead: sent again, and marks nothing
    assert office.deliveries()[0].attempts == 2
    assert office.deliver(600) == []


def test_two_servers_never_have_the_same_delivery(office: Office) -> None:
    office.subscribe()
    office.tell("one")
    office.tell("two")
    again = Deliverer(office.application.store, office.application.clock, office.application.secrets, office.webhooks)
    assert len(office.deliverer.claim(9)) == 1
    assert again.claim(9) == ()


def test_a_subscription_that_is_switched_off_or_gone_gets_nothing_more(office: Office) -> None:
    made = office.subscribe()
    office.tell("one")
    [claimed] = office.deliverer.claim(9)
    draft = SubscriptionDraft(made.scope, "s", "s", URL, "hook", is_enabled=False)
    office.application.noticing.service.update(draft)
    assert office.deliveries()[0].error_code == "subscription-disabled"
    with office.application.store.transaction() as tx:  # told just before, by somebody who still saw it on
        tx.deliveries.add([replace(claimed, id="late", attempts=0, next_at=claimed.created_at)])
    assert office.deliver() == []
    assert [each.error_code for each in office.deliveries()] == ["subscription-disabled"] * 2
    office.application.noticing.service.delete(office.scope, "s")
    assert office.deliverer.deliver(claimed) is None
    assert office.webhooks.posted == []


def test_without_its_secret_nothing_is_sent_unsigned(office: Office) -> None:
    office.subscribe()
    office.tell("one")
    office.application.secrets.delete(office.scope, "hook")
    assert office.deliver() == []
    assert office.deliveries()[0].error_code == SecretMissingError.code
    with pytest.raises(SecretMissingError):
        office.subscribe("t")


def test_a_notice_that_is_no_longer_kept_is_given_up(office: Office) -> None:
    office.subscribe()
    office.tell("one")
    office.application.clock.advance(91 * 86_400)
    office.deliverer.prune()
    assert office.deliver() == []
    assert office.deliveries()[0].error_code == "notice-gone"
    office.deliverer.prune()
    assert office.deliveries() == []


def test_details_that_are_too_much_are_left_out(office: Office) -> None:
    office.tell("one", details={"x": "ü" * 4096})
    [kept] = office.application.noticing.service.notices(office.scope.account, PageRequest()).items
    assert kept.details == {"truncated": True}


def test_an_account_has_no_more_subscriptions_than_it_may(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pierhead.control.notices.service.MOST_SUBSCRIPTIONS", 1)
    office.subscribe()
    with pytest.raises(TooManySubscriptionsError):
        office.subscribe("t")


def test_a_watch_tells_of_new_and_moved_tags(office: Office) -> None:
    office.subscribe()
    rule = TagRule.parse(None, ".*")
    made = office.application.watches.create(
        WatchDraft(office.scope, "w", "w", "account.harnessImage", "team/app", rule)
    ).watch
    now = office.application.clock.now()
    for listener in office.application.watches._listeners:
        with office.application.store.transaction() as tx:
            listener(tx, made, WatchEvent(EventKind.NEW, "1.1", now, None, "sha256:a"))
            listener(tx, made, WatchEvent(EventKind.MOVED, "latest", now, "sha256:a", "sha256:b"))
    assert office.deliver() == ["team/app:1.1 is new", "team/app:latest means another image now"]


def test_releases_are_told_once(office: Office) -> None:
    application = office.application
    news = ReleaseNews(application.store, application.clock, application.releases)
    told = news.look()
    assert told == application.noticing.service.notices(office.scope.account, PageRequest()).total
    assert news.look() == 0


def test_one_slow_receiver_does_not_hold_the_others(office: Office) -> None:
    slow, done = threading.Event(), threading.Event()

    class Mixed(ObedientWebhooks):
        def post(self, url: str, headers: Any, body: bytes) -> Receipt:
            if url == URL:
                slow.wait(10)
            answer = super().post(url, headers, body)
            if len(self.posted) == 3:
                done.set()
            return answer

    application, webhooks = office.application, Mixed()
    office.subscribe()
    office.subscribe("quick", "https://quick.example.com/")
    for key in ("one", "two", "three"):
        office.tell(key)
    deliverer = Deliverer(application.store, application.clock, application.secrets, webhooks)
    loop = Notifying(deliverer, application.noticing.releases, application.clock, at_once=2)
    loop.start()
    try:
        assert done.wait(10)
        assert {each.url for each in webhooks.posted} == {"https://quick.example.com/"}
    finally:
        slow.set()
        loop.close()
    end = time.monotonic() + 5
    while loop._busy and time.monotonic() < end:
        threading.Event().wait(0.01)
    assert not loop._busy


def test_a_mirror_that_fails_tells_in_the_transaction_that_ends_the_run(office: Office) -> None:
    office.subscribe()
    application, error = office.application, {"code": "x", "message": "nobody is there"}
    run = MirrorRun("r1", office.scope, "m", Trigger.DEMAND, "me", application.clock.now())
    with application.store.transaction() as tx:
        tx.mirror_runs.add(run)
        application.mirroring.service.failed(tx, run, error)
    assert office.deliver() == ["mirror m: the run failed"]
