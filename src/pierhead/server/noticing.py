"""Notices joined: their services, who tells them, and how they leave the server."""

from dataclasses import dataclass
from typing import cast

from pierhead.control.notices import Deliverer, NoticeService, NoticeStore, TellingTransaction, Webhooks, tell
from pierhead.control.releases import ReleaseService
from pierhead.control.secrets import SecretService
from pierhead.control.sources import Watch, WatchEvent, WatchService, WatchTransaction
from pierhead.kit.clock import Clock

from .jobs.news import of_watch
from .jobs.notifying import Notifying, ReleaseNews


@dataclass(frozen=True, slots=True)
class Noticing:
    service: NoticeService
    deliverer: Deliverer
    releases: ReleaseNews
    loop: Notifying


def noticing_on(
    store: NoticeStore,
    clock: Clock,
    secrets: SecretService,
    releases: ReleaseService,
    watches: WatchService,
    webhooks: Webhooks,
) -> Noticing:
    """Mirrors tell by themselves (``jobs.mirror_news``)."""

    def told(tx: WatchTransaction, watch: Watch, event: WatchEvent) -> None:
        tell(cast(TellingTransaction, tx), of_watch(watch, event), clock.now())

    watches.on_event(told)
    deliverer = Deliverer(store, clock, secrets, webhooks)
    news = ReleaseNews(store, clock, releases)
    return Noticing(NoticeService(store, clock, webhooks), deliverer, news, Notifying(deliverer, news, clock))
