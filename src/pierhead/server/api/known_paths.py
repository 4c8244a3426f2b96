"""Paths below which there is no route at all are answered here: whoever looks for holes asks for thousands of them, and
to compare each with every route would take the time of those who have a key."""

from collections.abc import Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

from . import errors


class KnownPaths:
    """``roots``: the first parts of the paths that there are. Behind whatever settles the spelling of paths."""

    def __init__(self, app: ASGIApp, roots: Iterable[str]) -> None:
        self.app = app
        self.roots = frozenset(roots)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and root_of(scope["path"].removeprefix(scope["root_path"])) not in self.roots:
            refusal = errors.unrouted(404, errors.nothing_at(scope["path"]), scope["state"]["correlation_id"], None)
            await refusal(scope, receive, send)
            return
        await self.app(scope, receive, send)


def root_of(path: str) -> str:
    return path.split("/", 2)[1] if "/" in path else path
