"""What was asked for besides a command's own arguments: which Pierhead, as whom, where in it, and how to show it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pierhead.kit.redact import SecretValue

from .render import Screen

if TYPE_CHECKING:
    from pierhead.server.bootstrap import Application

    from .api_client import ApiClient


@dataclass(frozen=True, slots=True)
class Target:
    """``url`` None: whoever holds the data directory, or the directory itself. ``images``: where to put them then.

    ``makes_data``: whether a data directory that is not there is made: the default one, or one that was named to what
    sets up a place (``up``, ``init``, ``demo``, ``backup restore``, and what applies documents).
    """

    data: Path
    url: str | None = None
    api_key: SecretValue | None = None
    api_key_file: Path | None = None
    org: str | None = None
    project: str | None = None
    images: Path | None = None
    makes_data: bool = False

    @property
    def scope(self) -> dict[str, str]:
        """Organization and project where chosen, by their names on the wire."""
        scope = {"orgIdentifier": self.org, "projectIdentifier": self.project}
        return {name: value for name, value in scope.items() if value}


@dataclass(frozen=True, slots=True)
class Connection:
    """``images`` is where the other side keeps its images, when that is on this machine.

    ``application``: the other side itself, where it was opened in this process.
    """

    api: "ApiClient"
    images: Path | None = None
    application: "Application | None" = None

    @property
    def is_local(self) -> bool:
        return self.application is not None


Connect = Callable[[Target], Connection]


@dataclass(frozen=True, slots=True)
class Invocation:
    target: Target
    screen: Screen
    connect: Connect
    is_verbose: bool = False
    connections: list[Connection] = field(default_factory=list)

    def api(self, *, makes_data: bool = False) -> "ApiClient":
        """``makes_data``: see Target."""
        return self.connection(replace(self.target, makes_data=makes_data or self.target.makes_data)).api

    def connection(self, target: Target | None = None) -> Connection:
        """Opened at the first call, closed when the command ends."""
        if not self.connections:
            self.connections.append(self.connect(target or self.target))
        return self.connections[0]

    def close(self) -> None:
        while self.connections:
            self.connections.pop().api.close()
