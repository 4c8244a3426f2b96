"""A registry that answers by a script, on loopback: what was not foreseen fails the test with what was asked and why.

It plays registries and token servers, and the faults they have: broken bodies, resets, silence, wrong lengths, bytes
that are no HTTP. It knows nothing of registries itself; standard library only.
"""

import contextlib
import re
import socket
import ssl
import struct
import threading
from typing import Final

from .script import Answer, Received, Reply, Script, ScriptError, Step, bytes_of, keeps_open, read_request

__all__ = ["Received", "Reply", "ScriptError", "ScriptedRegistry"]

_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER of 0 s: closing sends RST
_TLS_HANDSHAKE: Final = b"\x16"
_HOLD_S: Final = 10.0


class ScriptedRegistry:
    """Starts as a context manager; leaving it raises ScriptError when the script was not played to its end."""

    def __init__(self, host: str = "127.0.0.1", *, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Received] = []
        self.connections = 0
        self.bytes_sent = 0
        self._script = Script()
        self._tls = tls
        self._open: set[socket.socket] = set()
        self._is_closing = False
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family, backlog=64)
        self.host = host
        self.port: int = self._listener.getsockname()[1]

    @property
    def authority(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.authority}"

    def expect(self, method: str, target: str | re.Pattern[str], answer: Answer | None = None) -> "ScriptedRegistry":
        """The next request in the script; ``target`` is path and query, or a pattern for the whole of them."""
        self._script.steps.append(Step(method, target, answer or Reply()))
        return self

    def whenever(self, method: str, target: str | re.Pattern[str], answer: Answer | None = None) -> "ScriptedRegistry":
        """An answer for whatever time such a request comes when the script does not foresee it."""
        self._script.standing.append(Step(method, target, answer or Reply(), None))
        return self

    @property
    def asked(self) -> list[str]:
        """Method and target of all requests so far."""
        return [str(request) for request in self.requests]

    def authorizations(self) -> list[str | None]:
        return [request.header("authorization") for request in self.requests]

    def check(self) -> None:
        """Raises ScriptError for requests that were not foreseen, and for foreseen ones that did not come."""
        faults = list(self._script.faults)
        if self._script.steps:
            faults.append("still expected: " + ", ".join(str(step) for step in self._script.steps))
        if faults:
            raise ScriptError(f"{self.url}: {'; '.join(faults)}; all requests: {self.asked}")

    def close(self) -> None:
        self._is_closing = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in list(self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> "ScriptedRegistry":
        threading.Thread(target=self._accept, name=f"scripted registry {self.port}", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close()
        # An unforeseen request usually is the cause of the failure that the test saw, so it is the one to show.
        if kind is None or self._script.faults:
            self.check()

    def _accept(self) -> None:
        while not self._is_closing:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(sock, self.connections), daemon=True).start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        self._open.add(sock)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                plain, sock = sock, self._tls.wrap_socket(sock, server_side=True)
                self._open.discard(plain)
                self._open.add(sock)
            with sock.makefile("rb") as lines:
                if lines.peek(1)[:1] == _TLS_HANDSHAKE and self._tls is None:
                    return
                while (request := read_request(lines, number)) is not None:
                    self.requests.append(request)
                    if not self._play(sock, request):
                        return
        except (OSError, ValueError):
            return  # the client went away, which may be what the test is about
        finally:
            self._open.discard(sock)
            with contextlib.suppress(OSError):
                sock.close()

    def _play(self, sock: socket.socket, request: Received) -> bool:
        """Sends the answer; False when the connection is to end."""
        answer = self._script.answer_to(request)
        if answer is None:
            answer = Reply(418, b"not in the script")
        reply = answer if isinstance(answer, Reply) else answer(request)
        if reply.hold is not None:
            reply.hold.wait(_HOLD_S)
        for data in bytes_of(reply, request.method):
            sock.sendall(data)
            self.bytes_sent += len(data)
        if reply.stall is not None:
            reply.stall.wait(_HOLD_S)
        if reply.is_reset:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        return keeps_open(reply, request.method)
