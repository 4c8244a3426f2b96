from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from pierhead.protocol.inspection import InspectResult, InspectTask
from pierhead.protocol.tasks import RegistryAccess
from pierhead.registry.transport import Transport
from pierhead.testing.clock import FakeClock
from pierhead.testing.fake_registry import FakeRegistry
from pierhead.testing.images import Image, layer, multi_platform
from pierhead.testing.signing import cosign_tag, public, signature
from pierhead.worker.cancel import CancelToken
from pierhead.worker.inspection.run import inspect

KEY = ec.generate_private_key(ec.SECP256R1())


class Shelf:
    """A registry with one image, ``team/tool:1``, and an inspector of it."""

    repository = "team/tool"

    def __init__(self, fake: FakeRegistry, image: Image) -> None:
        self.fake = fake
        self.transport = Transport(FakeClock())
        self.put(image)

    def put(self, image: Image) -> None:
        self.image = image
        self.digest = self.fake.add(self.repository, "1", image)

    @property
    def name(self) -> str:
        return f"{self.fake.host}/{self.repository}"

    def attach(self, image: Image, kind: str = "sig", *, beside=None) -> None:
        self.fake.add(self.repository, cosign_tag(beside or self.digest, kind), image)

    def sign(self, key=KEY, **more) -> None:
        self.attach(signature(key, self.digest, self.name, **more))

    def inspect(self, *keys, **more):
        given = {"keys": tuple(public(key) for key in keys or (KEY,)), "reference": f"{self.name}:1"} | more
        task = InspectTask(registry=RegistryAccess(url=self.fake.url), **given)
        return inspect(task, self.transport, CancelToken())

    def result(self, *keys, **more) -> InspectResult:
        found = self.inspect(*keys, **more)
        assert isinstance(found, InspectResult), found
        return found


@pytest.fixture
def shelf(fake) -> Iterator[Shelf]:
    made = Shelf(fake, multi_platform([layer({"etc/os-release": "ID=test\n"})], "tool"))
    yield made
    made.transport.close()
