"""Ends connections that send half a request and then nothing, so that they cannot use up the file descriptors."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_WITHIN_S = 30.0
_UNFINISHED = (h11.IDLE, h11.SEND_BODY)


class PatientProtocol(H11Protocol):
    """uvicorn's protocol, with a limit on the silence of a client whose request is not complete."""

    _silence: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Each byte of a head counts against the same limit; a body has it anew with each piece."""
        if self.conn.their_state not in _UNFINISHED:
            self._forget()
        elif self._silence is None or self.conn.their_state is h11.SEND_BODY:
            self._forget()
            self._silence = self.loop.call_later(REQUEST_WITHIN_S, self.transport.close)

    def _forget(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None
