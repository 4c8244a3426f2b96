"""Where a task may go, as it is written beside it in the queue, and what has come of offering it; values only."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from pierhead.control.scopes import Scope
from pierhead.kit.errors import AppError

from .task_errors import RouteUnreadableError

ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Route:
    """``scope``: who asks, which decides whose delegates may. ``origins``: the registries (``https://host[:port]``)
    the task has to reach. ``rounds``: how many times all candidates are asked before the task is given up;
    ``waits``: whether it waits for a delegate that is not connected now. ``secrets``: the scopes of the secrets that
    its performer is shown, the widest only; who does not own them all does not get it (ADR 0013)."""

    scope: Scope
    selectors: tuple[str, ...] = ()
    selected_by: str = ""
    origins: tuple[str, ...] = ()
    rounds: int = ROUNDS
    waits: bool = True
    ignores_failures: bool = False
    secrets: tuple[Scope, ...] = ()

    def to_json(self) -> dict[str, object]:
        values = asdict(self)
        del values["scope"], values["secrets"]
        if self.secrets:  # left out when empty: so it was written before there was such a list
            values["secrets"] = [_place_text(scope) for scope in self.secrets]
        org, project = self.scope.org, self.scope.project
        return {**values, "account": self.scope.account, "org": org, "project": project}

    @classmethod
    def from_json(cls, document: Mapping[str, object]) -> "Route":
        """Raises RouteUnreadableError for what ``to_json`` would not have written, lest a restriction be overlooked."""
        values = {name: tuple(value) if isinstance(value, list) else value for name, value in document.items()}
        try:
            scope = Scope(*(values.pop(name) for name in ("account", "org", "project")))  # type: ignore[arg-type]
            secrets = tuple(_place_of(scope.account, text) for text in _list(values.pop("secrets", ())))
            return cls(scope, secrets=secrets, **values)  # type: ignore[arg-type]
        except (KeyError, TypeError, ValueError, AppError):
            raise RouteUnreadableError from None


def widest(scopes: Iterable[Scope]) -> tuple[Scope, ...]:
    """Those that no other of them contains: whoever owns these owns all."""
    every = sorted(set(scopes), key=_place_text)
    return tuple(one for one in every if not any(other != one and other.contains(one) for other in every))


@dataclass(frozen=True, slots=True)
class Offers:
    """What came of offering a task so far.

    ``asked``: delegates of this round, each with the session that was asked: a process that has gone was not asked.
    ``latest``: those of them whose time to answer runs until ``until``; when it is empty, ``until`` is the end of the
    pause after a round. ``declined``: those that gave the task back, with their reason, for good. ``said``: what the
    log says last about waiting, so that it is not said again.
    """

    round: int = 1
    asked: Mapping[str, str] = field(default_factory=dict)
    latest: tuple[str, ...] = ()
    until: datetime | None = None
    declined: Mapping[str, str] = field(default_factory=dict)
    said: str = ""

    @property
    def is_resting(self) -> bool:
        return self.until is not None and not self.latest

    def to_json(self) -> dict[str, object]:
        return {
            "round": self.round,
            "asked": dict(self.asked),
            "latest": list(self.latest),
            "until": self.until and self.until.isoformat(),
            "declined": dict(self.declined),
            "said": self.said,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, object] | None) -> "Offers":
        """What a field does not say is as at the beginning."""
        values: dict[str, Any] = dict(document or {})
        until = values.get("until")
        return cls(
            values.get("round", 1),
            dict(values.get("asked", {})),
            tuple(values.get("latest", ())),
            datetime.fromisoformat(until) if until else None,
            dict(values.get("declined", {})),
            values.get("said", ""),
        )


def _place_text(scope: Scope) -> str:
    """Empty for the account, ``org`` or ``org/project``."""
    return "/".join(name for name in (scope.org, scope.project) if name is not None)


def _list(value: object) -> tuple[object, ...]:
    if not isinstance(value, tuple):
        raise TypeError(value)
    return value


def _place_of(account: str, text: object) -> Scope:
    """What ``_place_text`` wrote. Raises ValueError for anything else."""
    if not isinstance(text, str):
        raise TypeError(text)
    names = text.split("/") if text else []
    if len(names) > 2 or not all(names):
        raise ValueError(text)
    return Scope(account, *names)
