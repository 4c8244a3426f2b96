"""What gate policies and exceptions need of a store."""

from contextlib import AbstractContextManager
from typing import Protocol

from pierhead.control.audit import Auditing
from pierhead.control.organizations import PlaceTransaction
from pierhead.control.scopes import EntityRows

from .model import GateException, GatePolicy


class GateTransaction(PlaceTransaction, Auditing, Protocol):
    @property
    def gate_policies(self) -> EntityRows[GatePolicy]: ...

    @property
    def gate_exceptions(self) -> EntityRows[GateException]: ...


class GateStore(Protocol):
    def transaction(self) -> AbstractContextManager[GateTransaction]: ...

    def snapshot(self) -> AbstractContextManager[GateTransaction]: ...
