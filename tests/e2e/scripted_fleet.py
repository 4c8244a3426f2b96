"""Scripted delegates against a server that is killed now and then: they find it again, and finish what they hold."""

import random
import threading
from http.client import HTTPException
from pathlib import Path

from pierhead.cli.connect import running_server
from pierhead.protocol.tasks import CopyTask
from pierhead.testing.scripted_delegate import Said, ScriptedDelegate, over_http

PAUSE_S = 0.05


class Member(threading.Thread):
    """Takes copies, says after a moment that they are done. ``ended``: task and fence of every end that was heard."""

    def __init__(self, data: Path, token: str, number: int, seed: int) -> None:
        super().__init__(name=f"member-{number}", daemon=True)
        self._data = data
        self._rng = random.Random(seed)
        self._stopped = threading.Event()
        self.delegate = ScriptedDelegate(self._carry, token, host_name=f"box-{number}", tags=("behind",))
        self.ended: list[tuple[str, int]] = []
        self.odd: list[Said] = []

    def stop(self) -> None:
        self._stopped.set()
        self.join(30)

    def run(self) -> None:
        self._until_good(self.delegate.enrol)
        self._until_good(self.delegate.open_session)
        while not self._stopped.is_set():
            said = self._said(lambda: self.delegate.poll(free=2))
            if said is None or said.status != 200:
                self._stopped.wait(PAUSE_S)
                continue
            for offer in said.body["offers"]:
                self._perform(offer["task"])

    def _perform(self, task_id: str) -> None:
        said = self._said(lambda: self.delegate.acquire(task_id))
        order = said.body.get("order") if said is not None else None
        if order is None:
            return
        head, task = self.delegate.opened(order)
        assert isinstance(task, CopyTask)
        self._stopped.wait(self._rng.uniform(0, 0.05))
        result = {"kind": "copy", "images": [{"key": task.images[0].key, "state": "copied"}]}
        while not self._stopped.is_set():  # the answer may be lost, so it is said until it is heard
            said = self._said(lambda: self.delegate.finish(task_id, head.fence, result))
            if said is not None and said.status != 503:
                break
            self._stopped.wait(PAUSE_S)
        if said is not None and said.status == 200:
            self.ended.append((task_id, head.fence))
        elif said is not None and said.code != "stale-lease":
            self.odd.append(said)

    def _until_good(self, say) -> None:
        while not self._stopped.is_set():
            said = self._said(say)
            if said is not None and said.status == 200:
                return
            self._stopped.wait(PAUSE_S)

    def _said(self, say) -> Said | None:
        """None when there was no answer, as when the server is killed meanwhile."""
        try:
            said = say()
        except (OSError, HTTPException, ValueError):
            return None
        if said.status >= 500 and said.status != 503:
            self.odd.append(said)
        return said

    def _carry(self, target, headers, body) -> Said:
        server = running_server(self._data)
        if server is None:
            raise ConnectionError("no server")
        return over_http(server.url)(target, headers, body)
