"""The agent link as an ASGI application: finds the exchange, admits it, runs what blocks on threads of its own.

Plain ASGI without a framework: three thousand held polls stand in here at the same time, and each frame is paid for as
many times. Answers JSON always, refusals in one shape. Nothing of a body is read before it is clear who sends it, but
for enrolments, which have places of their own.
"""

import asyncio
import contextlib
import re
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pierhead.control.delegates import KnownDelegate
from pierhead.kit.errors import AppError
from pierhead.kit.limits import KIB, MIB
from pierhead.protocol.agent import AGENT_PATH, PollRequest
from pierhead.protocol.message import Message
from pierhead.protocol.signatures import RequestSignature

from . import strangers
from .admission import Admission
from .edge import HungUpError, message_in, target_of
from .hub import Poll
from .identity import Gatekeeper, Signed
from .intake import BodyBudget, Inflow, announced_bytes, discard
from .linkage import LinkApplication
from .refusals import MethodError, NoRouteError, is_of_stranger, refusal
from .sessions import Sessions
from .task_calls import TaskCalls

T = TypeVar("T")
SessionCall = Callable[[KnownDelegate, Signed], Message]
TaskCall = Callable[[KnownDelegate, str, Signed], Message]

GATEWAY = "/gateway"
_REPORT_CAP_BYTES = MIB
_RESULT_CAP_BYTES = 8 * MIB
_ENROLMENT_CAP_BYTES = 64 * KIB
_LARGE_BYTES = 256 * KIB
"""More is taken only from whoever holds the task that it is about."""
_LETTING_IN_AT_ONCE = 100
_WORKING_AT_ONCE = 200
_LARGE_AT_ONCE = 1
_TASK_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


class AgentApi:
    """Serves one application, on one event loop."""

    def __init__(self, app: LinkApplication) -> None:
        self._hub = app.hub
        self._gatekeeper = Gatekeeper(app.agents, app.clock, app.server_key)
        sessions, calls = Sessions(app, self._gatekeeper), TaskCalls(app)
        self._calls = calls
        self._enrol = sessions.enrol
        self._letting_in = Admission("delegates", _LETTING_IN_AT_ONCE)
        self._working = Admission("reports", _WORKING_AT_ONCE)
        self._enrolling = Admission("enrolments", strangers.AT_ONCE)
        self._tries = strangers.Tries()
        self._bodies, self._strangers_bodies = BodyBudget(), strangers.bodies()
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)
        self._session_calls: dict[str, SessionCall] = {"session": sessions.open, "close": sessions.close}
        self._task_calls: dict[str, TaskCall] = {
            "acquire": calls.acquire,
            "progress": calls.progress,
            "finish": calls.finish,
            "release": calls.release,
            "decline": calls.decline,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        inflow = Inflow(receive)
        try:
            answer = await self._answer(scope, inflow)
        except HungUpError:
            return
        except AppError as error:
            if is_of_stranger(error):
                await discard(scope, inflow)
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
            case ["enrol"]:
                return await self._enrolment(scope, receive)
            case [name] if name in self._session_calls:
                return await self._session(scope, receive, self._session_calls[name])
            case ["tasks", task_id, verb] if verb in self._task_calls and _TASK_ID.match(task_id):
                return await self._task(scope, receive, task_id, verb)
        raise NoRouteError(scope["path"])

    async def _enrolment(self, scope: Scope, receive: Receive) -> Message:
        """Nobody knows the key yet, so all that is had from strangers is small, and apart from everybody else's."""
        claim = self._claimed(scope)
        announced = announced_bytes(scope, _ENROLMENT_CAP_BYTES)
        address = (scope.get("client") or ("",))[0]
        with self._tries.one(address), self._strangers_bodies.share(address, announced) as share:
            self._enrolling.check()
            body = await share.read(receive, _ENROLMENT_CAP_BYTES)
            target, signed = target_of(scope), self._gatekeeper.signed(claim, body)
            with self._enrolling.one():
                return await self._blocking(lambda: self._enrol(signed, target), self._hub.strangers_pool)

    async def _session(self, scope: Scope, receive: Receive, call: SessionCall) -> Message:
        claim = self._claimed(scope)
        announced = announced_bytes(scope, _LARGE_BYTES)
        with self._letting_in.one():
            await self._check(scope, claim)
            with self._bodies.share(claim.key_id, announced) as share:
                signed = self._gatekeeper.signed(claim, await share.read(receive, _LARGE_BYTES))
                return await self._blocking(lambda: call(self._gatekeeper.known(signed.key_id), signed))

    async def _task(self, scope: Scope, receive: Receive, task_id: str, verb: str) -> Message:
        cap_bytes = _RESULT_CAP_BYTES if verb == "finish" else _REPORT_CAP_BYTES
        claim = self._claimed(scope)
        announced = announced_bytes(scope, cap_bytes)
        is_large = announced is None or announced > _LARGE_BYTES
        with (self._letting_in if verb == "acquire" else self._working).one():
            known = await self._check(scope, claim)
            if is_large:
                said_before = await self._blocking(lambda: self._calls.check_large(known, task_id, verb))
                if said_before is not None:
                    return said_before
            with self._bodies.share(claim.key_id, announced) as share:
                signed = self._gatekeeper.signed(claim, await share.read(receive, cap_bytes))
                async with self._large if is_large else contextlib.nullcontext():
                    return await self._blocking(lambda: self._called(verb, task_id, signed))

    def _called(self, verb: str, task_id: str, signed: Signed) -> Message:
        known = self._gatekeeper.known(signed.key_id)
        self._hub.presence.heard(known.id)
        return self._task_calls[verb](known, task_id, signed)

    async def _poll(self, scope: Scope, receive: Receive) -> Message:
        poll = await self._admitted(scope, receive)
        listening = asyncio.ensure_future(_listen(receive, poll.hung_up))
        try:
            return await self._hub.hold(poll)
        finally:
            listening.cancel()

    async def _admitted(self, scope: Scope, receive: Receive) -> Poll:
        """All that a poll needs while it is held; the request itself is let go of."""
        claim = self._claimed(scope)
        announced = announced_bytes(scope, _LARGE_BYTES)
        as_of, known = self._hub.changes, self._hub.known(claim.key_id)
        if known is None:
            with self._letting_in.one():
                known = await self._blocking(lambda: self._gatekeeper.known(claim.key_id))
        self._gatekeeper.check(claim, target_of(scope), known.signing_key)
        with self._bodies.share(claim.key_id, announced) as share:
            signed = self._gatekeeper.signed(claim, await share.read(receive, _LARGE_BYTES))
        request = message_in(signed.body, PollRequest)
        free = 0 if request.is_draining else request.free
        scope["headers"] = ()
        return Poll(known, request.session, free, asyncio.get_running_loop().create_future(), as_of)

    def _claimed(self, scope: Scope) -> RequestSignature:
        return self._gatekeeper.claimed(Headers(scope=scope))

    async def _check(self, scope: Scope, claim: RequestSignature) -> KnownDelegate:
        """Who signed this. Raises DelegateUnknownError, DelegateRevokedError, and what ``Gatekeeper.check`` raises."""
        known = self._hub.known(claim.key_id)
        if known is None:
            known = await self._blocking(lambda: self._gatekeeper.known(claim.key_id))
        self._gatekeeper.check(claim, target_of(scope), known.signing_key)
        return known

    async def _blocking(self, call: Callable[[], T], pool: Executor | None = None) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool or self._hub.pool, call)


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
