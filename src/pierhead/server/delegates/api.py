"""The agent link as an ASGI application: finds the exchange, admits it, runs what blocks on threads of its own.

Plain ASGI without a framework: three thousand held polls stand in here at the same time, and each frame is paid for as
many times. Answers JSON always, refusals in one shape.
"""

import asyncio
import contextlib
import re
from collections.abc import Callable
from typing import TypeVar

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pierhead.control.delegates import KnownDelegate
from pierhead.kit.errors import AppError
from pierhead.kit.limits import MIB
from pierhead.protocol.agent import AGENT_PATH, PollRequest
from pierhead.protocol.message import Message

from .admission import Admission
from .edge import HungUpError, body_of, message_in, target_of
from .hub import Poll
from .identity import Gatekeeper, Signed
from .linkage import LinkApplication
from .refusals import LinkBusyError, MethodError, NoRouteError, refusal
from .sessions import Sessions
from .task_calls import TaskCalls

T = TypeVar("T")
TaskCall = Callable[[KnownDelegate, str, Signed], Message]

GATEWAY = "/gateway"
_CAP_BYTES = MIB
_RESULT_CAP_BYTES = 8 * MIB
_LETTING_IN_AT_ONCE = 100
_WORKING_AT_ONCE = 200
_TASK_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


class AgentApi:
    """Serves one application."""

    def __init__(self, app: LinkApplication) -> None:
        self._app = app
        self._hub = app.hub
        self._gatekeeper = Gatekeeper(app.agents, app.clock)
        sessions, calls = Sessions(app, self._gatekeeper), TaskCalls(app)
        self._letting_in = Admission("delegates", _LETTING_IN_AT_ONCE)
        self._working = Admission("reports", _WORKING_AT_ONCE)
        self._session_calls = {"enrol": sessions.enrol, "session": sessions.open, "close": sessions.close}
        self._task_calls: dict[str, TaskCall] = {
            "acquire": calls.acquire,
            "progress": calls.progress,
            "finish": calls.finish,
            "release": calls.release,
            "decline": calls.decline,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(scope, receive)
        except HungUpError:
            return
        except AppError as error:
            await refusal(error)(scope, receive, send)
            return
        body = answer.model_dump_json(by_alias=True, exclude_none=True)
        await Response(body, media_type="application/json")(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Message:
        if scope["method"] != "POST":
            raise MethodError(scope["method"])
        path = scope["path"].removeprefix(GATEWAY).removeprefix(AGENT_PATH)
        match path.strip("/").split("/"):
            case ["poll"]:
                return await self._poll(scope, receive)
            case [name] if name in self._session_calls:
                call = self._session_calls[name]
                await self._room(scope, receive, self._letting_in)
                signed = await self._signed(scope, receive, _CAP_BYTES)
                with self._letting_in.one():
                    return await self._blocking(lambda: call(signed))
            case ["tasks", task_id, verb] if verb in self._task_calls and _TASK_ID.match(task_id):
                return await self._task(scope, receive, task_id, verb)
        raise NoRouteError(scope["path"])

    async def _task(self, scope: Scope, receive: Receive, task_id: str, verb: str) -> Message:
        cap_bytes = _RESULT_CAP_BYTES if verb == "finish" else _CAP_BYTES
        admission = self._letting_in if verb == "acquire" else self._working
        await self._room(scope, receive, admission)
        signed = await self._signed(scope, receive, cap_bytes)
        call = self._task_calls[verb]

        def run() -> Message:
            known = self._gatekeeper.known(signed.key_id)
            self._gatekeeper.check(signed, known.signing_key)
            self._hub.presence.heard(known.id)
            return call(known, task_id, signed)

        with admission.one():
            return await self._blocking(run)

    async def _poll(self, scope: Scope, receive: Receive) -> Message:
        poll = await self._admitted(scope, receive)
        listening = asyncio.ensure_future(_listen(receive, poll.hung_up))
        try:
            return await self._hub.hold(poll)
        finally:
            listening.cancel()

    async def _admitted(self, scope: Scope, receive: Receive) -> Poll:
        """All that a poll needs while it is held; the request itself is let go of."""
        signed = await self._signed(scope, receive, _CAP_BYTES)
        as_of, known = self._hub.changes, self._hub.known(signed.key_id)
        if known is None:
            with self._letting_in.one():
                known = await self._blocking(lambda: self._gatekeeper.known(signed.key_id))
        self._gatekeeper.check(signed, known.signing_key)
        request = message_in(signed.body, PollRequest)
        free = 0 if request.is_draining else request.free
        scope["headers"] = ()
        return Poll(known, request.session, free, asyncio.get_running_loop().create_future(), as_of)

    async def _room(self, scope: Scope, receive: Receive, admission: Admission) -> None:
        """A refusal has to cost next to nothing; the body is read, so that the connection can go on."""
        try:
            admission.check()
        except LinkBusyError:
            await body_of(scope, receive, _CAP_BYTES)
            raise

    async def _signed(self, scope: Scope, receive: Receive, cap_bytes: int) -> Signed:
        body = await body_of(scope, receive, cap_bytes)
        return self._gatekeeper.signed(Headers(scope=scope), target_of(scope), body)

    async def _blocking(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._hub.pool, call)


async def _listen(receive: Receive, hung_up: "asyncio.Future[None]") -> None:
    with contextlib.suppress(Exception):
        while (await receive())["type"] != "http.disconnect":
            pass
    if not hung_up.done():
        hung_up.set_result(None)


class AgentDoor:
    """What is below ``AGENT_PATH``, as everything below ``/gateway`` too, goes to ``agents``; the rest to ``app``."""

    def __init__(self, app: ASGIApp, agents: ASGIApp) -> None:
        self.app = app
        self.agents = agents

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_agent = scope["type"] == "http" and scope["path"].removeprefix(GATEWAY).startswith(AGENT_PATH + "/")
        await (self.agents if is_agent else self.app)(scope, receive, send)
