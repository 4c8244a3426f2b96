"""Who performs a task under a lease: this server, or a delegate and so whoever owns it."""

from dataclasses import dataclass

from pierhead.control.scopes import Scope
from pierhead.control.tasks import Lease, StaleLeaseError

from .work import WorkStore

PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Performer:
    """``owner`` is None for the platform; all servers are one platform."""

    id: str
    name: str
    owner: Scope | None = None


def performer_of(store: WorkStore, lease: Lease) -> Performer:
    """Raises StaleLeaseError for a delegate that is gone: nobody knows any more what it may see."""
    if lease.task.route is None:
        return Performer(PLATFORM, PLATFORM)
    with store.snapshot() as tx:
        found = tx.delegates.find(lease.owner)
    if found is None:
        raise StaleLeaseError(lease.id, lease.owner, lease.fence)
    return Performer(lease.owner, found.label, found.scope)
