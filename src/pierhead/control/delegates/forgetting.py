"""Which delegates and groups are forgotten; pure.

A replica that stays away for six hours goes, but the last one of its group stays for seven days and takes the group
with it: a name that was approved once does not vanish overnight. A disabled delegate stays, for that was somebody's
decision; a deleted one stays as long as its token is known, so that its key is not let in again.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from .model import GROUP_GONE_AFTER, Delegate, DelegateGroup, DelegateState


def forgotten(
    groups: Iterable[DelegateGroup],
    everyone: Iterable[Delegate],
    away: Collection[str],
    known_tokens: Collection[str],
    now: datetime,
) -> tuple[tuple[Delegate, ...], tuple[DelegateGroup, ...]]:
    """``everyone``: in whichever state; ``away``: ids of those that stayed away for six hours."""
    members: dict[str, list[Delegate]] = defaultdict(list)
    for delegate in everyone:
        members[delegate.group_id].append(delegate)
    gone: list[Delegate] = []
    for replicas in members.values():
        gone += _forgotten_replicas(replicas, away, known_tokens, now)
    gone_ids = {delegate.id for delegate in gone}
    emptied = {delegate.group_id for delegate in gone}
    return tuple(gone), tuple(
        group for group in groups if group.id in emptied and all(one.id in gone_ids for one in members[group.id])
    )


def _forgotten_replicas(
    replicas: list[Delegate], away: Collection[str], known_tokens: Collection[str], now: datetime
) -> list[Delegate]:
    gone = [one for one in replicas if one.id in away and _may_go(one, known_tokens)]
    stays = [one for one in replicas if one not in gone and one.state is not DelegateState.DELETED]
    living = [one for one in gone if one.state is not DelegateState.DELETED]
    if not stays and living:
        last = max(living, key=lambda one: (_last_heard_of(one), one.id))
        if now - _last_heard_of(last) < GROUP_GONE_AFTER:
            gone.remove(last)
    return gone


def _may_go(delegate: Delegate, known_tokens: Collection[str]) -> bool:
    if delegate.state is DelegateState.DELETED:
        return delegate.token_id not in known_tokens
    return delegate.state is not DelegateState.DISABLED


def _last_heard_of(delegate: Delegate) -> datetime:
    return delegate.last_heartbeat_at or delegate.enrolled_at
