"""What whoever saves or tries a connector may do besides: use its secrets, and let the server reach private addresses.

Asked inside the transaction that saves, so an answer must not need the store.
"""

from collections.abc import Callable
from typing import Protocol

from pierhead.control.audit import SYSTEM, Actor
from pierhead.control.scopes import Scope
from pierhead.kit.errors import AppError

Absent = Callable[[Scope, str], AppError]


class Authority(Protocol):
    """``reason``: what a refusal says it was asked for."""

    def use_secret(self, scope: Scope, identifier: str, absent: Absent, reason: str) -> None:
        """Raises AccessDeniedError for a secret that may be seen but not used, what ``absent`` makes for any other."""

    def reach_private(self, account: str, reason: str) -> None:
        """Raises AccessDeniedError for whoever may not let the server connect to private addresses."""


class _Unlimited:
    def use_secret(self, scope: Scope, identifier: str, absent: Absent, reason: str) -> None:
        """May use every secret."""

    def reach_private(self, account: str, reason: str) -> None:
        """May reach everything."""


UNLIMITED: Authority = _Unlimited()
"""The program's own, for what it saves itself and for what takes no secrets. The edge never passes it."""


def authority_of(by: Actor, given: Authority | None) -> Authority:
    """Only the program itself need not say what it may. Raises ValueError where anybody else does not: our fault."""
    if given is None and by != SYSTEM:
        raise ValueError("a connector is saved for somebody without asking what they may")
    return given or UNLIMITED
