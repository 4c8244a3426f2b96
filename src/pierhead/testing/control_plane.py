"""A control plane over loopback that does what a test tells it to; a fake, but it speaks the real wire.

It believes signatures, nonces and fences as the real one does, keeps everything in memory and decides nothing.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping
from ssl import SSLContext
from typing import Self, TypeVar

from pierhead.kit.redact import SecretValue
from pierhead.protocol import agent as wire
from pierhead.protocol.message import Message
from pierhead.protocol.sealing import seal
from pierhead.protocol.signatures import (
    InvalidSignatureError,
    RequestSignature,
    SigningKey,
    enrolment_bytes,
    key_from_text,
    key_to_text,
    order_bytes,
    session_bytes,
    signature_to_text,
    time_bytes,
)
from pierhead.protocol.token_text import TokenText

from .control_plane_http import ControlPlaneServer, RefusedRequest
from .control_plane_script import Ended, Known, Script, Work, task_json

__all__ = ["ControlPlane", "Script", "Work"]

M = TypeVar("M", bound=Message)
_WINDOW_S = 60


class ControlPlane:
    """Serves from construction to ``stop``. Thread-safe; ``changed`` is told of whatever happens."""

    def __init__(self, *, key: SigningKey | None = None, tls: SSLContext | None = None, port: int = 0) -> None:
        self.key = key or SigningKey.generate()
        self.state = "ENABLED"
        self.poll_s = 20.0
        self.clock_offset_s = 0.0
        self.time_key = self.key
        self.tokens: dict[str, SecretValue] = {}
        self.known: dict[str, Known] = {}
        self.work: dict[str, Work] = {}
        self.scripts: list[Script] = []
        self.seen: list[tuple[str, Message]] = []
        self.is_cancel_by_poll_only = False
        self.changed = threading.Condition()
        self._nonces: set[str] = set()
        self._polls = 0
        self._revoked = False
        self._server = ControlPlaneServer(port, self, tls)
        self.port = int(self._server.server_address[1])
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    # --- for the test

    def token(self, identifier: str = "t1", secret: str = "s3cret-of-token") -> SecretValue:  # noqa: S107 - a fake
        self.tokens[identifier] = SecretValue(secret)
        return TokenText(identifier, self.tokens[identifier], self.key.id).render()

    def offer(self, work: Work) -> Work:
        with self.changed:
            self.work[work.id] = work
            self.changed.notify_all()
        return work

    def script(self, script: Script) -> Script:
        with self.changed:
            self.scripts.append(script)
            self.changed.notify_all()
        return script

    def set(self, **values: object) -> None:
        """Changes attributes and wakes up whoever is held."""
        with self.changed:
            for name, value in values.items():
                setattr(self, name, value)
            self.changed.notify_all()

    def revoke(self) -> None:
        self.set(_revoked=True)

    def forget(self) -> None:
        """As after a restore of an old backup: nobody is known."""
        with self.changed:
            self.known.clear()
            self.changed.notify_all()

    def cancel(self, task_id: str) -> None:
        with self.changed:
            self.work[task_id].is_cancel_requested = True
            self.changed.notify_all()

    def until(self, condition: Callable[[], object], timeout_s: float = 10.0) -> None:
        """Waits until ``condition`` holds. Raises AssertionError."""
        with self.changed:
            deadline = time.monotonic() + timeout_s
            while not condition():
                left_s = deadline - time.monotonic()
                assert left_s > 0, f"not within {timeout_s} s; seen: {[path for path, _ in self.seen][-20:]}"
                self.changed.wait(min(left_s, 0.05))

    def count(self, path_end: str) -> int:
        return sum(path.endswith(path_end) for path, _ in self.seen)

    def stop(self) -> None:
        """Ends every connection."""
        with self.changed:
            self._polls += 1
            self.changed.notify_all()
        self._server.shutdown()
        self._server.server_close()
        self._server.close_connections()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # --- for the wire

    def answer(self, path: str, headers: Mapping[str, str], body: bytes) -> Message:
        """Raises RefusedRequest, and ConnectionAbortedError to say nothing at all."""
        with self.changed:
            script = next((s for s in self.scripts if s.times > 0 and path.endswith(s.path_end)), None)
            if script is not None:
                script.times -= 1
                script.reached.set()
                self.changed.notify_all()
                if not script.is_lost:
                    raise RefusedRequest(script.status, script.code, headers=script.headers)
            answer = self._do(path, self._speaker(path, headers, body), body)
            self.changed.notify_all()
            if script is not None:
                raise ConnectionAbortedError
            return answer

    def _speaker(self, path: str, headers: Mapping[str, str], body: bytes) -> str:
        """Who signed this, newly; for an enrolment by the key that it brings."""
        try:
            signature = RequestSignature.parse(headers)
        except InvalidSignatureError:
            raise RefusedRequest(401, "signature-invalid") from None
        now = time.time() + self.clock_offset_s
        if abs(signature.created - now) > _WINDOW_S:
            proof = signature_to_text(self.time_key.sign(time_bytes(signature.nonce, now)))
            raise RefusedRequest(401, "clock-skew", now, proof=proof)
        if path.endswith("/enrol"):
            public = key_from_text(json.loads(body)["signingKey"])
        elif signature.key_id in self.known:
            public = self.known[signature.key_id].signing
        else:
            raise RefusedRequest(401, "delegate-unknown")
        if not signature.verify(public, "POST", path, body) or signature.nonce in self._nonces:
            raise RefusedRequest(401, "signature-invalid")
        self._nonces.add(signature.nonce)
        return signature.key_id

    def _do(self, path: str, speaker: str, body: bytes) -> Message:
        parts = path.removeprefix(f"{wire.AGENT_PATH}/").split("/")
        match parts:
            case ["enrol"]:
                return self._enrol(self._read(path, body, wire.EnrolRequest), speaker)
            case ["session"]:
                return self._session(self._read(path, body, wire.SessionRequest), speaker)
            case ["close"]:
                self._read(path, body, wire.CloseRequest)
                return wire.Done()
            case ["poll"]:
                return self._poll(self._read(path, body, wire.PollRequest), speaker)
            case ["tasks", task_id, verb] if task_id in self.work:
                return self._task(self.work[task_id], verb, body, speaker)
        raise RefusedRequest(404, "not-found")

    def _enrol(self, request: wire.EnrolRequest, speaker: str) -> Message:
        token = TokenText.parse(request.token)
        if token is None or self.tokens.get(token.id) != token.secret:
            raise RefusedRequest(401, "token-invalid")
        self.known[speaker] = Known(key_from_text(request.signing_key), key_from_text(request.sealing_key))
        proof = signature_to_text(self.key.sign(enrolment_bytes(speaker, "acme", self.key.public)))
        return wire.EnrolAnswer(
            delegate_id=speaker,
            account="acme",
            state=self.state,  # type: ignore[arg-type]
            server_key=key_to_text(self.key.public),
            proof=proof,
        )

    def _session(self, request: wire.SessionRequest, speaker: str) -> Message:
        self.known[speaker].session = request.session
        proof = signature_to_text(self.key.sign(session_bytes(speaker, request.session)))
        return wire.SessionAnswer(state=self.state, poll_s=self.poll_s, lease_s=60.0, proof=proof)  # type: ignore[arg-type]

    def _poll(self, request: wire.PollRequest, speaker: str) -> Message:
        """Held until there is something to say, or another poll comes."""
        if self.known[speaker].session != request.session:
            raise RefusedRequest(409, "session-superseded")
        self._polls += 1
        mine, state = self._polls, self.state
        until = time.monotonic() + self.poll_s
        while self._polls == mine and (left_s := until - time.monotonic()) > 0:
            if speaker not in self.known:
                raise RefusedRequest(401, "delegate-unknown")
            if self._revoked:
                raise RefusedRequest(403, "delegate-revoked")
            answer = self._news(request)
            if answer.offers or answer.cancel or self.state != state:
                return answer
            self.changed.wait(left_s)
        return wire.PollAnswer(state=self.state)  # type: ignore[arg-type]

    def _news(self, request: wire.PollRequest) -> wire.PollAnswer:
        waiting = [work for work in self.work.values() if work.is_waiting and not request.is_draining]
        for work in waiting[: request.free]:
            work.is_told = True
        offers = tuple(wire.Offer(task=work.id, kind=work.task.kind) for work in waiting[: request.free])
        # Said with every poll until the task has ended: an answer may be lost.
        cancel = tuple(w.id for w in self.work.values() if w.is_cancel_requested and w.fence and not w.ends)
        return wire.PollAnswer(state=self.state, offers=offers, cancel=cancel)  # type: ignore[arg-type]

    def _task(self, work: Work, verb: str, body: bytes, speaker: str) -> Message:
        if verb == "acquire":
            self._read(verb, body, wire.AcquireRequest)
            return self._acquire(work, speaker)
        if verb == "progress":
            progress = self._read(f"{work.id}/progress", body, wire.ProgressRequest)
            self._check_fence(work, progress.fence)
            work.progress.append(progress)
            return wire.ProgressAnswer(is_cancel_requested=work.is_cancel_requested and not self.is_cancel_by_poll_only)
        kinds: dict[str, type[Ended]] = {
            "finish": wire.FinishRequest,
            "release": wire.ReleaseRequest,
            "decline": wire.DeclineRequest,
        }
        if verb not in kinds:
            raise RefusedRequest(404, "not-found")
        end = self._read(f"{work.id}/{verb}", body, kinds[verb])
        if end in work.ends:  # told twice, done once
            return wire.Done()
        self._check_fence(work, end.fence)
        work.ends.append(end)
        return wire.Done()

    def _acquire(self, work: Work, speaker: str) -> Message:
        if not work.is_offered:
            return wire.AcquireAnswer(reason="somebody else has it")
        work.is_offered = False
        work.fence += 1
        order = self.order(work, speaker)
        return wire.AcquireAnswer(order=work.tamper(order) if work.tamper else order)

    def order(self, work: Work, delegate_id: str) -> wire.Order:
        """As the real one makes it."""
        head = wire.OrderHead(
            task=work.id,
            kind=work.task.kind,
            fence=work.fence,
            delegate=delegate_id,
            lease_s=work.lease_s,
            check_first=work.check_first,
        ).model_dump_json(by_alias=True)
        return self.signed(head, task_json(work.task), delegate_id)

    def signed(self, head: str, plain: bytes, delegate_id: str) -> wire.Order:
        sealed = seal(self.known[delegate_id].sealing, plain, head.encode())
        return wire.Order(
            head=head, sealed=sealed, signature=signature_to_text(self.key.sign(order_bytes(head, sealed)))
        )

    def _check_fence(self, work: Work, fence: int) -> None:
        if work.is_stale or fence != work.fence or work.ends:
            raise RefusedRequest(409, "stale-lease")

    def _read(self, path: str, body: bytes, kind: type[M]) -> M:
        message = kind.model_validate_json(body)
        self.seen.append((path, message))
        return message
