"""Changes of who may do what: one at a time in each account, so that none is judged by grants that another one changes.

They read roles, groups, assignments and people in whatever order the grants come. Without turns, two servers that do so
would wait for each other.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from pierhead.control.organizations import check_place
from pierhead.control.scopes import Scope

from .ports import AccessStore, AccessTransaction


@contextmanager
def in_turn(store: AccessStore, account: str, *places: Scope) -> Iterator[AccessTransaction]:
    """A transaction that writes, in which nobody else changes who may do what in this account; ``places`` are there
    until its end. They come first, as for whoever takes a place away. Raises PlaceNotFoundError."""
    with store.transaction() as tx:
        for place in sorted(set(places), key=lambda one: (one.org or "", one.project or "")):
            check_place(tx, place)
        tx.accounts.hold(account)
        yield tx
