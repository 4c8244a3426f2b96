"""Signals between the servers that share a PostgreSQL database: NOTIFY in the transaction, LISTEN on a thread.

A server hears its own signals directly after the commit, so it skips them here. After every time without a connection
it tells itself that anything may have changed. Needs a session of its own, so no pooler that takes it away.
"""

import logging
import os
import select
import threading
from collections.abc import Callable, Collection
from typing import Any

import psycopg
import sqlalchemy as sa

from pierhead.kit.ids import new_id
from pierhead.kit.signals import Callback, Signal, Signals, Topic
from pierhead.kit.tasks import Loop

from .errors import said

log = logging.getLogger(__name__)

Connect = Callable[[], "psycopg.Connection[tuple[Any, ...]]"]

_CHANNEL = "pierhead"
_MAX_PAYLOAD_BYTES = 7999
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 2.0
_LONGEST_STOP_S = 1.0

_notify = sa.text("SELECT pg_notify(:channel, payload) FROM unnest(CAST(:payloads AS text[])) AS payload")


class ListeningSignals(Signals):
    """Starts to listen when somebody wants to hear for the first time: a short program needs no connection for it."""

    def __init__(self, wanted: Callable[[], None]) -> None:
        super().__init__()
        self._wanted = wanted

    def on(self, topic: Topic, callback: Callback) -> Callable[[], None]:
        end = super().on(topic, callback)
        self._wanted()
        return end


class NotifyChannel:
    """Thread-safe. ``connect`` gives a connection outside transactions, for this alone."""

    def __init__(self, connect: Connect) -> None:
        self.signals = ListeningSignals(self._start)
        self._me = new_id()
        self._connect = connect
        self._lock = threading.Lock()
        self._listener: Listener | None = None
        self._is_closed = False

    def send(self, connection: sa.Connection, signals: Collection[Signal]) -> None:
        if signals:
            payloads = [encoded(self._me, signal) for signal in signals]
            connection.execute(_notify, {"channel": _CHANNEL, "payloads": payloads})

    def close(self) -> None:
        """Idempotent."""
        with self._lock:
            self._is_closed = True
            listener, self._listener = self._listener, None
        if listener is not None:
            listener.stop()

    def _start(self) -> None:
        with self._lock:
            if self._listener is None and not self._is_closed:
                self._listener = Listener(self._connect, self._heard, self.signals.tell_all)

    def _heard(self, payload: str) -> None:
        sender, signal = decoded(payload)
        if signal is not None and sender != self._me:
            self.signals.tell(signal)


def encoded(sender: str, signal: Signal) -> str:
    """A key that is too long for a notification is left out: then anything may have changed."""
    payload = f"{sender} {signal.topic.value} {signal.key}"
    if len(payload.encode()) > _MAX_PAYLOAD_BYTES:
        return f"{sender} {signal.topic.value} "
    return payload


def decoded(payload: str) -> tuple[str, Signal | None]:
    """None for what a newer server may say."""
    sender, _, rest = payload.partition(" ")
    topic, _, key = rest.partition(" ")
    return sender, Signal(Topic(topic), key) if topic in set(Topic) else None


class Listener:
    """Listens from construction to ``stop``, on one connection after the other.

    ``missed`` is called when it begins to listen, for what happened before that.
    """

    def __init__(self, connect: Connect, heard: Callable[[str], None], missed: Callable[[], None]) -> None:
        self._connect = connect
        self._heard = heard
        self._missed = missed
        self._pause_s = _FIRST_PAUSE_S
        self._is_lost = False
        self._woken, self._wake = os.pipe()
        self._loop = Loop("database-listener", self._session)
        self._loop.start()

    def stop(self) -> None:
        self._loop.request_stop()
        os.write(self._wake, b"x")
        self._loop.stop(_LONGEST_STOP_S)  # it may be amid reaching a server that does not answer
        if not self._loop.is_alive:
            os.close(self._woken)
            os.close(self._wake)

    def _session(self, stop: threading.Event) -> float:
        """Listens until the connection breaks; gives the seconds to wait before the next one."""
        try:
            with self._connect() as connection:
                connection.execute(f"LISTEN {_CHANNEL}")
                self._begin()
                self._listen(connection, stop)
        except psycopg.Error as error:
            if not stop.is_set():
                self._report(said(error))
        pause_s, self._pause_s = self._pause_s, min(self._pause_s * 2, _LONGEST_PAUSE_S)
        return pause_s

    def _begin(self) -> None:
        self._pause_s = _FIRST_PAUSE_S
        if self._is_lost:
            log.info("signals of other servers are heard again")
        self._is_lost = False
        self._missed()

    def _report(self, problem: str) -> None:
        """Once, for all the tries until there is a connection again."""
        log.log(logging.DEBUG if self._is_lost else logging.WARNING, "signals of other servers are lost: %s", problem)
        self._is_lost = True

    def _listen(self, connection: "psycopg.Connection[tuple[Any, ...]]", stop: threading.Event) -> None:
        while not stop.is_set():
            select.select([connection.fileno(), self._woken], [], [])
            for notification in connection.notifies(timeout=0):
                self._heard(notification.payload)
