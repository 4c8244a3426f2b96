"""The tables of the store in memory, and how a page is cut from one. Which rows may be in them is not known here."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, TypeVar

from pierhead.control.access import Account, LoginFailures, Session, Token, User
from pierhead.control.audit import Record, Tail
from pierhead.control.catalogue import Infra, Pin, PinSet
from pierhead.control.connectors import Connector
from pierhead.control.delegates import Delegate, DelegateGroup, DelegateToken, Experience, LoggedLine
from pierhead.control.mirroring import Holding, MirrorRun, Sighting
from pierhead.control.notices import Delivery, Notice
from pierhead.control.pipelines import Run
from pierhead.control.scopes import Scope
from pierhead.control.secrets import Secret
from pierhead.control.sources import SeenTag, WatchEvent, WatchState
from pierhead.control.tasks import TaskRow
from pierhead.kit.paging import Page, PageRequest

T = TypeVar("T")
Place = tuple[Scope, str]


@dataclass
class Tables:
    """Insertion order is the order of age."""

    accounts: dict[str, Account] = field(default_factory=dict)
    users: dict[tuple[str, str], User] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    sessions: dict[bytes, Session] = field(default_factory=dict)
    login_failures: dict[str, LoginFailures] = field(default_factory=dict)
    entities: dict[tuple[str, Scope, str, str], Any] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    audit_records: dict[tuple[str, int], Record] = field(default_factory=dict)
    audit_tails: dict[str, Tail] = field(default_factory=dict)
    secrets: dict[Place, Secret] = field(default_factory=dict)
    connectors: dict[Place, Connector] = field(default_factory=dict)
    pins: dict[tuple[Scope, Infra, str], Pin] = field(default_factory=dict)
    pin_sets: dict[tuple[str, int], PinSet] = field(default_factory=dict)
    tasks: dict[str, TaskRow] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    next_tests: dict[Place, datetime] = field(default_factory=dict)
    delegate_tokens: dict[str, DelegateToken] = field(default_factory=dict)
    delegate_groups: dict[str, DelegateGroup] = field(default_factory=dict)
    delegates: dict[str, Delegate] = field(default_factory=dict)
    experiences: dict[tuple[str, str], Experience] = field(default_factory=dict)
    selection_log: dict[int, LoggedLine] = field(default_factory=dict)
    sightings: dict[tuple[str, str, str, str], Sighting] = field(default_factory=dict)
    holdings: dict[tuple[Scope, str, str, str], Holding] = field(default_factory=dict)
    mirror_runs: dict[str, MirrorRun] = field(default_factory=dict)
    watch_states: dict[Place, WatchState] = field(default_factory=dict)
    watch_tags: dict[tuple[Scope, str, str], SeenTag] = field(default_factory=dict)
    watch_events: dict[Place, tuple[WatchEvent, ...]] = field(default_factory=dict)
    notices: dict[str, Notice] = field(default_factory=dict)
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    nonces: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def copy(self) -> "Tables":
        return Tables(**{table.name: dict(getattr(self, table.name)) for table in fields(self)})


def page(items: Iterable[T], request: PageRequest) -> Page[T]:
    found = tuple(items)
    return Page(found[request.offset : request.offset + max(request.size, 0)], len(found), request)
