"""Whoever has tasks hang in one place does not keep the server from everybody else's."""

import threading
from pathlib import Path
from typing import Any

from pierhead.control.scopes import Scope
from pierhead.control.tasks import Lease, StaleLeaseError
from pierhead.registry.transport import Transport
from pierhead.server.jobs.payloads import TEST_KIND
from pierhead.server.jobs.platform_delegate import PlatformDelegate
from pierhead.testing.application import memory_application
from pierhead.worker.runtimes.oci_layout import OciLayout


class Hanging:
    """Work that says when it begins, and ends when it is told to."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, Scope]] = []
        self.changed = threading.Condition()
        self.may_end = threading.Event()

    def order(self, lease: Lease) -> None:
        with self.changed:
            self.begun.append((lease.task.kind, lease.task.scope))
            self.changed.notify_all()
        self.may_end.wait(30)
        raise StaleLeaseError(lease.id, lease.owner, lease.fence)

    def finish(self, lease: Lease, *_: object, **__: object) -> None:
        raise StaleLeaseError(lease.id, lease.owner, lease.fence)

    def has_begun(self, kind: str, scope: Scope) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: (kind, scope) in self.begun, 10)


def test_a_project_whose_runs_hang_leaves_room_for_others_and_for_tests(tmp_path: Path) -> None:
    application = memory_application(tmp_path)
    account, work = application.account.id, Hanging()
    works: Any = {"pull": work, TEST_KIND: work}
    layout = OciLayout(tmp_path / "images")
    platform = PlatformDelegate(application.store, application.queue, application.runs, works, layout, Transport())
    hanging, other = Scope(account, "o", "hanging"), Scope(account, "o", "other")
    with application.store.transaction() as tx:
        for _ in range(40):
            application.queue.enqueue(tx, account, "pull", {}, scope=hanging)
        application.queue.enqueue(tx, account, "pull", {}, scope=other)
        application.queue.enqueue(tx, account, TEST_KIND, {}, scope=hanging)
    platform.start()
    try:
        assert work.has_begun("pull", other)
        assert work.has_begun(TEST_KIND, hanging)
        assert work.begun.count(("pull", hanging)) < 6
    finally:
        work.may_end.set()
        platform.close()
        application.close()
