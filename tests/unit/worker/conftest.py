from collections.abc import Iterator

import pytest

from pierhead.oci.reference import Reference
from pierhead.registry.endpoint import Endpoint
from pierhead.registry.transport import Transport
from pierhead.testing.clock import FakeClock
from pierhead.testing.fake_registry import FakeRegistry
from pierhead.testing.images import layer
from pierhead.worker.progress import ImageProgress
from pierhead.worker.pull import ImageRequest, pull_images
from pierhead.worker.runtimes.oci_layout import OciLayout


class Listener:
    def __init__(self) -> None:
        self.events: list[ImageProgress] = []

    def event(self, progress: ImageProgress) -> None:
        self.events.append(progress)

    def states(self, key: str) -> list[str]:
        return list(dict.fromkeys(event.state.value for event in self.events if event.key == key))


class Puller:
    """Pulls from the fake registry into one layout; a clock that stands still unless told, so retries cost no time."""

    def __init__(self, fake: FakeRegistry, layout: OciLayout) -> None:
        self.fake = fake
        self.layout = layout
        self.clock = FakeClock()
        self.transport = Transport(self.clock)
        self.listener = Listener()

    def request(self, name: str, *, fake: FakeRegistry | None = None, credential=None, **more) -> ImageRequest:
        """``name`` like ``team/tool:1``; it is the key as well."""
        registry = fake or self.fake
        settings = {} if credential is None else {"credential": credential}
        endpoint = Endpoint.for_reference(registry.host, plain_http=True, connector="account.test", **settings)
        more = {"key": name, **more}
        return ImageRequest(endpoint=endpoint, reference=Reference.parse(f"{registry.host}/{name}"), **more)

    def pull(self, *requests: ImageRequest | str, **more):
        """The outcomes by key."""
        asked = [self.request(request) if isinstance(request, str) else request for request in requests]
        outcomes = pull_images(asked, self.layout, self.transport, self.listener, **more)
        return {outcome.key: outcome for outcome in outcomes}

    def one(self, request: ImageRequest | str, **more):
        (outcome,) = self.pull(request, **more).values()
        return outcome


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    with FakeRegistry() as registry:
        yield registry


@pytest.fixture
def other() -> Iterator[FakeRegistry]:
    with FakeRegistry() as registry:
        yield registry


@pytest.fixture
def layout(tmp_path) -> OciLayout:
    return OciLayout(tmp_path / "layout")


@pytest.fixture
def puller(fake, layout) -> Iterator[Puller]:
    puller = Puller(fake, layout)
    yield puller
    puller.transport.close()


@pytest.fixture(scope="session")
def base():
    return layer({"etc/os-release": "ID=pierhead\n", "usr/lib/big": bytes(range(256)) * 4000})
