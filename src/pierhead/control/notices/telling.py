"""Telling: writes a notice down, and a delivery of it for each subscription, in the transaction of what it tells of.

So there is a notice exactly when what it tells of has happened, and nothing is lost between the two.
"""

import json
from collections.abc import Mapping
from datetime import datetime

from pierhead.control.scopes import Scope
from pierhead.kit.ids import new_id

from .model import MOST_DETAILS_BYTES, MOST_TEXT, MOST_TITLE, Delivery, News, Notice
from .ports import TellingTransaction


def tell(tx: TellingTransaction, news: News, at: datetime) -> Notice | None:
    """None when news with that key were told before, and are still kept."""
    notice = noticed(news, at)
    if not tx.notices.add(notice):
        return None
    found = tx.subscriptions.list_below(Scope(notice.scope.account))
    tx.deliveries.add(
        Delivery(new_id(), each.scope, each.identifier, notice.id, notice.topic, created_at=at, next_at=at)
        for each in found
        if each.wants(notice)
    )
    return notice


def noticed(news: News, at: datetime) -> Notice:
    """Cut to what a notice may hold, for it is told of things that somebody else has named."""
    return Notice(
        id=new_id(),
        scope=news.scope,
        at=at,
        topic=news.topic,
        title=_cut(news.title, MOST_TITLE),
        text=_cut(news.text, MOST_TEXT),
        subject_type=news.subject_type,
        subject=news.subject,
        key=news.key,
        details=_small(news.details),
    )


def plain(text: str) -> str:
    """What every database and every reader takes: no halves of characters, no NUL."""
    return text.encode(errors="replace").decode().replace("\x00", "\ufffd")


def _small(details: Mapping[str, object]) -> Mapping[str, object]:
    size = len(json.dumps(details, ensure_ascii=False).encode(errors="replace"))
    return dict(details) if size <= MOST_DETAILS_BYTES else {"truncated": True}


def _cut(text: str, most: int) -> str:
    text = plain(text)
    return text if len(text) <= most else f"{text[: most - 1]}…"
