"""Copies into docker-registry in its three ways to log in, judged by skopeo."""

import json

import pytest

from pierhead.kit.limits import MIB
from pierhead.protocol.tasks import CopyImage, CopyTask, RegistryAccess
from pierhead.registry.endpoint import UsernamePassword
from pierhead.registry.transport import Transport
from pierhead.testing.fake_registry import FakeRegistry
from pierhead.testing.images import image, layer, multi_platform, noise_layer
from pierhead.worker.execute import execute

pytestmark = pytest.mark.interop


@pytest.fixture
def transport():
    with Transport() as transport:
        yield transport


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """An index of small images, and one image with a layer of several pieces."""
    directory = tmp_path_factory.mktemp("layers")
    with FakeRegistry() as registry:
        registry.add("team/index", "1", multi_platform([layer({"etc/os-release": "ID=pierhead\n"})], "tool"))
        registry.add("team/large", "1", image([noise_layer(21 * MIB, directory / "large")], docker=True))
        yield registry


def access_to(peer) -> RegistryAccess:
    login = peer.credential if isinstance(peer.credential, UsernamePassword) else None
    return RegistryAccess(
        connector="account.to",
        url=peer.registry.url,
        username=login.username if login else None,
        password=login.password.reveal() if login else None,
        trusted_realm_hosts=(peer.tokens.host,) if peer.tokens else (),
    )


def copied(transport, source_access, host, name, peer, target):
    picture = CopyImage(
        key="k",
        source=f"{host}/{name}",
        target=f"{peer.registry.host}/{target}",
        from_registry=source_access,
        to_registry=access_to(peer),
    )
    (event,) = execute(CopyTask(images=(picture,)), transport=transport).images
    return event


@pytest.mark.parametrize("name", ["team/index:1", "team/large:1"])
def test_skopeo_finds_the_very_image_and_can_copy_it_on(source, peer, transport, skopeo, tmp_path, name):
    target = f"copied/{peer.registry.pid}/{name}"
    event = copied(transport, RegistryAccess(url=source.url), source.host, name, peer, target)
    assert (event.state, event.error) == ("copied", None)
    options = [*peer.skopeo_options, "--src-tls-verify=false"]
    repository, _, tag = name.partition(":")
    skopeo("copy", "--all", *options, f"docker://{peer.registry.host}/{target}", f"dir:{tmp_path}/out")
    raw = source.content.find_manifest(repository, tag)[2]
    assert (tmp_path / "out/manifest.json").read_bytes() == raw


def test_the_same_again_is_present_and_another_repository_gets_it_mounted(source, peer, transport):
    first = f"again/{peer.registry.pid}/large:1"
    copied(transport, RegistryAccess(url=source.url), source.host, "team/large:1", peer, first)
    again = copied(transport, RegistryAccess(url=source.url), source.host, "team/large:1", peer, first)
    assert again.state == "present"
    beside = copied(transport, access_to(peer), peer.registry.host, first, peer, f"again/{peer.registry.pid}/beside:1")
    assert (beside.state, beside.error) == ("copied", None)
    assert beside.bytes_mounted > 21 * MIB
    assert beside.bytes_fetched < MIB


def test_credentials_that_are_wrong_are_refused_by_name(source, peer, transport):
    if peer.tokens is None and not isinstance(peer.credential, UsernamePassword):
        pytest.skip("an open registry")
    wrong = access_to(peer).model_copy(update={"password": "wrong-password"})
    picture = CopyImage(
        key="k",
        source=f"{source.host}/team/large:1",
        target=f"{peer.registry.host}/refused/large:1",
        from_registry=RegistryAccess(url=source.url),
        to_registry=RegistryAccess(**{**wrong.model_dump(exclude={"password"}), "password": "wrong-password"}),
    )
    (event,) = execute(CopyTask(images=(picture,)), transport=transport).images
    assert (event.state, event.error.category) == ("failed", "unauthenticated")
    assert "wrong-password" not in json.dumps(event.model_dump(mode="json"))
