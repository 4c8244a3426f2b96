"""Runs of mirrors as they stand in a store, for tests that are about something else."""

from datetime import datetime

from pierhead.control.mirroring import Fate, Item, MirrorRun, RunItem, Trigger
from pierhead.control.scopes import Scope

_DIGEST = "sha256:" + "0" * 64


def quarantined_run(scope: Scope, mirror: str, at: datetime) -> MirrorRun:
    """One that has ended, with the image ``a/b:1`` waiting in quarantine."""
    item = RunItem(Item("a/b", "1", Fate.COPY, "new", _DIGEST), "waiting", quarantined=_DIGEST)
    return MirrorRun(f"run of {mirror}", scope, mirror, Trigger.DEMAND, "me", at, items=(item,)).ended(at)
