"""Changes of pins that come at the same moment: each gets its own number, and each set is what was pinned by then."""

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

from pierhead.control.catalogue import Because, CatalogueService, Infra, PinChange, PinSetCause, differences, pinned
from pierhead.control.scopes import Scope
from pierhead.kit.paging import PageRequest
from pierhead.testing.clock import FakeClock

ACCT = Scope("acct")
AT_ONCE = 4
ROUNDS = 5
FIELDS = ("addonTag", "gitCloneTag", "s3UploadTag", "cacheS3Tag")


def test_sets_of_changes_at_once_are_numbered_without_a_gap_and_tell_one_story(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.accounts.add(build.account())
    catalogue = CatalogueService(store, FakeClock())
    ready = threading.Barrier(AT_ONCE)

    def change(field: str) -> None:
        for number in range(ROUNDS):
            ready.wait(10)
            because = Because(PinSetCause.UPDATE, field)
            catalogue.pin(ACCT, [PinChange(Infra.K8, field, f"x:{number}")], because)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(change, FIELDS))
    sets = catalogue.history.page(ACCT, PageRequest(0, 100)).items[::-1]
    assert [made.number for made in sets] == list(range(1, AT_ONCE * ROUNDS + 1))
    assert [made.previous for made in sets] == [None, *range(1, AT_ONCE * ROUNDS)]
    for before, after in pairwise(sets):
        [step] = differences(before.pins, after.pins)
        assert step.field == after.because.updated_by, "a set holds somebody else's change"
    assert sets[-1].pins == pinned(catalogue.pins("acct", Infra.K8))
