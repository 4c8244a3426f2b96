"""Notices as an Atom feed (RFC 4287), for feed readers; pure."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from pierhead.control.notices import Notice

CONTENT_TYPE = "application/atom+xml; charset=utf-8"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_EPOCH = datetime.fromtimestamp(0, UTC)


def feed_of(account: str, place: str, notices: Sequence[Notice]) -> str:
    """``place``: what the feed is of, in words. The newest notice first."""
    updated = max((notice.at for notice in notices), default=_EPOCH)
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom">',
        f"<id>urn:pierhead:notices:{_text(account)}:{_text(place)}</id>",
        f"<title>Pierhead: {_text(place)}</title>",
        f"<updated>{_moment(updated)}</updated>",
        "<author><name>Pierhead</name></author>",
        *map(_entry, notices),
        "</feed>",
    ]
    return "\n".join(parts) + "\n"


def _entry(notice: Notice) -> str:
    return (
        f"<entry><id>urn:pierhead:notice:{_text(notice.id)}</id><title>{_text(notice.title)}</title>"
        f"<updated>{_moment(notice.at)}</updated><category term={quoteattr(notice.topic.value)}/>"
        f'<content type="text">{_text(notice.text)}</content></entry>'
    )


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text))


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
