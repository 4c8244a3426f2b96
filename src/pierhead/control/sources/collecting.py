"""From what a registry answered to what is known of a watch's tags, and to what is told of it; pure.

The first collection only records. A list that is not whole never takes a tag away and never changes which is the
newest; and while no whole list was ever seen, a tag that is not known may be an old one, so nothing is told of it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pierhead.oci.tag_selection import newest_first

from .model import EventKind, SeenTag, Watch, WatchEvent, WatchState

DIGESTS_AT_ONCE = 200
"""How many tags are asked for their digest in one poll: new ones first, then those not asked for the longest."""
FORGET_AFTER = timedelta(days=7)
"""A tag that is gone for so long and comes back is a new one."""
_LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Listing:
    """``tags`` are those that the rule matches, of ``listed`` in all; ``truncated``: there are more that were not
    read."""

    tags: tuple[str, ...]
    listed: int
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Digests:
    """``found`` by tag; ``asked`` in all. ``absent`` are tags that the registry says it has not. ``problem``: why one
    was not read, in words."""

    found: Mapping[str, str]
    asked: int = 0
    absent: frozenset[str] = frozenset()
    problem_code: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Collection:
    """``changed`` are the tags to write, ``forgotten`` the ones to drop."""

    state: WatchState
    changed: tuple[SeenTag, ...]
    forgotten: tuple[str, ...]
    events: tuple[WatchEvent, ...]


def to_check(known: Mapping[str, SeenTag], tags: Iterable[str], limit: int = DIGESTS_AT_ONCE) -> tuple[str, ...]:
    """Which tags to ask for their digest now."""
    new, old = list[str](), list[SeenTag]()
    for tag in tags:
        seen = known.get(tag)
        if seen is None:
            new.append(tag)
        else:
            old.append(seen)
    never = [seen.tag for seen in old if seen.checked_at is None]
    asked = sorted((seen.checked_at, seen.tag) for seen in old if seen.checked_at is not None)
    return (*new, *never, *(tag for _, tag in asked))[:limit]


def collect(
    watch: Watch,
    state: WatchState,
    known: Mapping[str, SeenTag],
    listing: Listing,
    digests: Digests,
    now: datetime,
) -> Collection:
    """``known`` and ``state`` as they are now, whatever they were when the registry was asked."""
    found = tuple(tag for tag in listing.tags if tag not in digests.absent)
    seen = [_seen(known.get(tag), tag, digests, now, is_first=not state.is_complete) for tag in found]
    missing = [] if listing.truncated else list(_missing(known, frozenset(found), now))
    kept = [each for each in missing if each.missing_since is None or now - each.missing_since < FORGET_AFTER]
    forgotten = {each.tag for each in missing} - {each.tag for each in kept}
    changed = tuple(each for each in (*seen, *kept) if known.get(each.tag) != each)
    events = tuple(_events(known, seen, now, tells_new=state.is_complete))
    return Collection(_state(watch, state, listing, digests, found, now), changed, tuple(sorted(forgotten)), events)


def failed(watch: Watch, state: WatchState, code: str, message: str, now: datetime) -> WatchState:
    """The last good answer stays; the next try comes later each time, up to an hour."""
    failures = state.failures + 1
    interval = timedelta(seconds=watch.interval_s)
    pause = min(interval * 2 ** min(failures - 1, 6), max(interval, _LONGEST_PAUSE))
    return replace(
        state,
        next_poll_at=now + pause,
        polled_at=now,
        error_code=code,
        error=message,
        failures=failures,
    )


def _seen(before: SeenTag | None, tag: str, digests: Digests, now: datetime, *, is_first: bool) -> SeenTag:
    digest = digests.found.get(tag)
    checked_at = now if digest is not None else None
    if before is None:
        return SeenTag(tag, digest, now, checked_at, None, is_first)
    return replace(
        before,
        digest=digest or before.digest,
        checked_at=checked_at or before.checked_at,
        missing_since=None,
    )


def _missing(known: Mapping[str, SeenTag], found: frozenset[str], now: datetime) -> Iterator[SeenTag]:
    for seen in known.values():
        if seen.tag not in found:
            yield seen if seen.missing_since else replace(seen, missing_since=now)


def _events(
    known: Mapping[str, SeenTag], seen: Iterable[SeenTag], now: datetime, *, tells_new: bool
) -> Iterator[WatchEvent]:
    """Oldest names first, so that the newest tag is the newest event."""
    by_tag = {each.tag: each for each in seen}
    for tag in reversed(newest_first(by_tag)):
        after, before = by_tag[tag], known.get(tag)
        if before is None:
            if tells_new:
                yield WatchEvent(EventKind.NEW, tag, now, None, after.digest)
        elif before.digest is not None and after.digest != before.digest:
            yield WatchEvent(EventKind.MOVED, tag, now, before.digest, after.digest)


def _state(
    watch: Watch, state: WatchState, listing: Listing, digests: Digests, found: tuple[str, ...], now: datetime
) -> WatchState:
    newest = state.newest if listing.truncated else next(iter(newest_first(found)), None)
    return replace(
        state,
        next_poll_at=now + timedelta(seconds=watch.interval_s),
        polled_at=now,
        good_at=now,
        first_at=state.first_at or now,
        is_complete=state.is_complete or not listing.truncated,
        is_truncated=listing.truncated,
        listed=listing.listed,
        matching=len(found),
        newest=newest,
        unread=max(0, digests.asked - len(digests.found) - len(digests.absent)),
        error_code=digests.problem_code,
        error=digests.problem,
        failures=0,
    )
