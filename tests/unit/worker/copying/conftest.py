from collections.abc import Iterator

import pytest

from pierhead.protocol.tasks import CopyEvent, CopyImage, CopyTask, RegistryAccess
from pierhead.registry.transport import Transport
from pierhead.testing.clock import FakeClock
from pierhead.testing.fake_registry import FakeRegistry
from pierhead.testing.images import layer, noise
from pierhead.worker.copying import blob_copy
from pierhead.worker.execute import execute

PIECE = 64 * 1024


class Copier:
    """Copies from one fake registry to another as a task; the clock stands still, so waiting costs no time."""

    def __init__(self, source: FakeRegistry, target: FakeRegistry) -> None:
        self.source = source
        self.target = target
        self.clock = FakeClock()
        self.transport = Transport(self.clock)
        self.events: list[CopyEvent] = []
        self.checkpoints: list[dict] = []

    def image(self, source: str, target: str | None = None, *, within=None, from_login=None, to_login=None, **more):
        """``source`` and ``target`` like ``team/tool:1``; the same name when none is given. The source is the key."""
        to = within or self.target
        return CopyImage(
            **{
                "key": f"{source} {target or ''}",
                "source": f"{(within or self.source).host}/{source}",
                "target": f"{to.host}/{target or source}",
                "from_registry": access(within or self.source, "account.from", from_login),
                "to_registry": access(to, "account.to", to_login),
                **more,
            }
        )

    def copy(self, *images: CopyImage | str, left=None, **more):
        """The events that are the outcomes."""
        task = CopyTask(images=tuple(self.image(i) if isinstance(i, str) else i for i in images), checkpoint=left)
        given = {"emit_copy": self.events.append, "checkpoint": self.checkpoints.append, **more}
        return execute(task, transport=self.transport, **given).images

    def one(self, image: CopyImage | str, **more) -> CopyEvent:
        (outcome,) = self.copy(image, **more)
        return outcome

    def fetched(self, digest) -> int:
        """How many requests asked the source for the blob."""
        return sum(seen.target == str(digest) and seen.method == "GET" for seen in self.source.requests)


def access(fake: FakeRegistry, connector: str, login=None) -> RegistryAccess:
    user, password = login or (None, None)
    return RegistryAccess(connector=connector, url=fake.url, username=user, password=password)


@pytest.fixture
def source() -> Iterator[FakeRegistry]:
    with FakeRegistry() as registry:
        yield registry


@pytest.fixture
def target() -> Iterator[FakeRegistry]:
    """One that keeps its uploads as the specification means it."""
    with FakeRegistry() as registry:
        registry.uploads.remembers = True
        yield registry


@pytest.fixture
def copier(source, target, monkeypatch) -> Iterator[Copier]:
    monkeypatch.setattr(blob_copy, "PIECE_BYTES", PIECE)
    monkeypatch.setattr(blob_copy, "_SMALLEST_PIECE", PIECE // 4)
    copier = Copier(source, target)
    yield copier
    copier.transport.close()


@pytest.fixture(scope="session")
def large():
    """Ten pieces and a bit."""
    return layer({"large": noise(10 * PIECE)})


@pytest.fixture(scope="session")
def small():
    return layer({"etc/os-release": "ID=pierhead\n"})
