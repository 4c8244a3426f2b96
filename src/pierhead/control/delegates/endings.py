"""What follows when something about delegates changes: others look again, and what they held goes to somebody else."""

from collections.abc import Collection, Iterable
from datetime import datetime

from pierhead.kit.signals import Signal, Topic

from .model import Delegate
from .ports import DelegateTransaction

_TOLD_ONE_BY_ONE = 1000


def announce_change(tx: DelegateTransaction, delegate_ids: Collection[str]) -> None:
    """Tells of each; only when they are very many, that it may be any, which makes everybody look at all of them."""
    if len(delegate_ids) > _TOLD_ONE_BY_ONE:
        tx.announce(Signal(Topic.DELEGATE))
        return
    for delegate_id in delegate_ids:
        tx.announce(Signal(Topic.DELEGATE, delegate_id))


def stop_delegates(tx: DelegateTransaction, delegates: Iterable[Delegate], now: datetime) -> None:
    """Ends their leases, so that a sweep puts the tasks back, and tells of the change, which brings that sweep."""
    ids = [delegate.id for delegate in delegates]
    for delegate_id in ids:
        tx.tasks.expire(delegate_id, now)
    announce_change(tx, ids)
