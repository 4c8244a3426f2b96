"""What we pull from Debian's docker-registry is what skopeo, an independent client, finds in the layout."""

import json
from pathlib import Path

import pytest

from pierhead.kit.redact import SecretValue
from pierhead.oci.digest import Digest
from pierhead.oci.media_types import OCI_MANIFEST
from pierhead.oci.reference import Reference
from pierhead.registry.client import RegistryClient
from pierhead.registry.endpoint import UsernamePassword
from pierhead.registry.transport import Transport
from pierhead.testing.images import LINUX_AMD64, LINUX_ARM64, image, index, layer, multi_platform, noise
from pierhead.testing.push import push_image
from pierhead.worker.connection_test import run_connection_test
from pierhead.worker.progress import ImageState
from pierhead.worker.pull import ImageRequest, PullPolicy, pull_images
from pierhead.worker.runtimes.oci_layout import OciLayout

pytestmark = pytest.mark.interop

BASE = layer({"etc/os-release": "ID=pierhead\n", "usr/lib/big": noise(900_000, seed=7)})
IMAGES = {
    "harness/ci-addon": multi_platform([BASE], "ci-addon"),
    "harness/drone-git": image([BASE, layer({"bin/git": "git"})]),
    "plugins/kaniko": index([image([BASE, layer({"bin/kaniko": "kaniko"})], docker=True)], docker=True),
}
TAG = "1.14.4"


@pytest.fixture(scope="module", autouse=True)
def pushed(peer):
    for repository, made in IMAGES.items():
        authorization = peer.push_authorization(repository)
        push_image(peer.registry.url, repository, TAG, made, authorization=authorization)


@pytest.fixture
def transport():
    with Transport() as transport:
        yield transport


@pytest.fixture
def layout(tmp_path) -> OciLayout:
    return OciLayout(tmp_path / "layout")


def requests(peer, names=IMAGES, **more) -> list[ImageRequest]:
    endpoint = more.pop("endpoint", None) or peer.endpoint()
    more = {"platform": LINUX_AMD64, **more}
    return [
        ImageRequest(name, endpoint, Reference.parse(f"{peer.registry.host}/{name}:{TAG}"), **more) for name in names
    ]


@pytest.mark.parametrize("peer", ["htpasswd", "token"], indirect=True)
def test_wrong_credentials_are_refused_and_nothing_is_stored(peer, transport, layout):
    wrong = peer.endpoint(credential=UsernamePassword("robot", SecretValue("wr0ng-password")))
    for outcome in pull_images(requests(peer, endpoint=wrong), layout, transport):
        assert outcome.error.category == "unauthenticated"
        assert "account.test" in outcome.error.hint
        assert "wr0ng-password" not in repr(outcome)
    assert layout.images() == ()


@pytest.mark.parametrize("peer", ["token"], indirect=True)
def test_a_token_server_elsewhere_gets_no_password_unless_it_is_trusted(peer, transport, layout):
    before = len(peer.tokens.requests)
    untrusted = peer.endpoint(trusted_realm_hosts=frozenset())
    for outcome in pull_images(requests(peer, endpoint=untrusted), layout, transport):
        assert outcome.error.code == "foreign-realm"
        assert peer.tokens.host in outcome.error.hint
    assert set(peer.tokens.requests[before:]) <= {None}


def test_a_missing_tag_is_told_from_a_missing_repository(peer, transport, layout):
    endpoint, host = peer.endpoint(), peer.registry.host
    missing = [
        ImageRequest("tag", endpoint, Reference.parse(f"{host}/harness/ci-addon:9.9.9")),
        ImageRequest("repository", endpoint, Reference.parse(f"{host}/harness/none:1")),
    ]
    outcomes = {outcome.key: outcome for outcome in pull_images(missing, layout, transport)}
    assert outcomes["tag"].error.code == "manifest-unknown"
    assert outcomes["repository"].error.category == "not-found"


def test_skopeo_finds_the_same_bytes_in_the_layout_as_in_the_registry(peer, transport, layout, skopeo, tmp_path):
    outcomes = pull_images(requests(peer), layout, transport)
    assert [outcome.state for outcome in outcomes] == [ImageState.PULLED] * 3, [outcome.error for outcome in outcomes]
    for outcome in outcomes:
        made = IMAGES[outcome.key]
        assert outcome.digest == made.descriptor.digest
        place = for_skopeo(layout, f"{peer.registry.host}/{outcome.key}:{TAG}", tmp_path / f"{made.descriptor.size}")
        assert Digest.of(skopeo.raw(place)) == outcome.manifest_digest
        target = tmp_path / outcome.key.replace("/", "-")
        skopeo("copy", "--preserve-digests", place, f"dir:{target}")
        manifest = json.loads((target / "manifest.json").read_bytes())
        for blob in (manifest["config"], *manifest["layers"]):
            digest = Digest.parse(blob["digest"])
            assert Digest.of((target / digest.encoded).read_bytes()) == digest


def for_skopeo(layout: OciLayout, name: str, alone: Path) -> str:
    """skopeo finds OCI manifests by name; a Docker one only as the single image of a layout (skopeo 1.9.3)."""
    (held,) = [image for image in layout.images() if image.name == name]
    if held.descriptor.media_type == OCI_MANIFEST:
        return f"oci:{layout.root}:{name}"
    layout.copy_to(OciLayout(alone), [(name, None)])
    return f"oci:{alone}"


def test_skopeo_and_we_leave_the_same_blobs(peer, transport, layout, skopeo, tmp_path):
    (outcome,) = pull_images(requests(peer, ["harness/drone-git"]), layout, transport)
    assert outcome.is_pulled
    source = f"docker://{peer.registry.host}/harness/drone-git:{TAG}"
    skopeo("copy", "--src-tls-verify=false", *peer.skopeo_options, source, f"oci:{tmp_path / 'theirs'}:x")
    theirs = {path.name: path.read_bytes() for path in (tmp_path / "theirs" / "blobs" / "sha256").iterdir()}
    ours = {path.name: path.read_bytes() for path in (layout.root / "blobs" / "sha256").iterdir()}
    assert ours == theirs


def test_skopeo_copies_a_whole_index_out_of_the_layout(peer, transport, layout, skopeo, tmp_path):
    (outcome,) = pull_images(requests(peer, ["harness/ci-addon"]), layout, transport, all_platforms=True)
    name = f"{peer.registry.host}/harness/ci-addon:{TAG}"
    skopeo("copy", "--all", "--preserve-digests", f"oci:{layout.root}:{name}", f"oci:{tmp_path / 'copy'}:x")
    assert Digest.of(skopeo.raw(f"oci:{tmp_path / 'copy'}:x")) == outcome.digest
    copied = {path.name for path in (tmp_path / "copy" / "blobs" / "sha256").iterdir()}
    assert copied == {path.name for path in (layout.root / "blobs" / "sha256").iterdir()}


def test_a_layout_that_skopeo_wrote_is_understood(peer, transport, layout, skopeo):
    source = f"docker://{peer.registry.host}/harness/drone-git:{TAG}"
    name = f"{peer.registry.host}/harness/drone-git:{TAG}"
    skopeo("copy", "--src-tls-verify=false", *peer.skopeo_options, source, f"oci:{layout.root}:{name}")
    asked = requests(peer, ["harness/drone-git"], policy=PullPolicy.NEVER)
    assert [outcome.state for outcome in pull_images(asked, layout, transport)] == [ImageState.PRESENT]
    asked = requests(peer, ["plugins/kaniko"])
    assert all(outcome.is_pulled for outcome in pull_images(asked, layout, transport))
    assert skopeo.raw(f"oci:{layout.root}:{name}") == IMAGES["harness/drone-git"].raw
    assert layout.verify().is_sound


def test_another_platform_of_an_index_is_the_one_skopeo_would_take(peer, transport, layout, skopeo):
    (outcome,) = pull_images(requests(peer, ["harness/ci-addon"], platform=LINUX_ARM64), layout, transport)
    raw = skopeo.raw(f"oci:{layout.root}:{peer.registry.host}/harness/ci-addon:{TAG}")
    assert Digest.of(raw) == outcome.manifest_digest == IMAGES["harness/ci-addon"].manifests[1].digest


def test_the_same_again_is_no_work(peer, transport, layout):
    pull_images(requests(peer), layout, transport)
    outcomes = pull_images(requests(peer), layout, transport)
    assert [(outcome.state, outcome.bytes_fetched) for outcome in outcomes] == [(ImageState.PRESENT, 0)] * 3


def test_a_connection_test_passes_every_step(peer, transport):
    report = run_connection_test(peer.endpoint(), transport, [f"{peer.registry.host}/harness/ci-addon:{TAG}"])
    assert report.is_success, report.steps
    assert {step.name: step.outcome.value for step in report.steps}["pull right"] == "ok"


def test_tags_and_repositories_are_listed(peer, transport):
    client = RegistryClient(peer.endpoint(), transport)
    assert [tag for page in client.list_tags("plugins/kaniko") for tag in page] == [TAG]
    listed = {name for page in client.list_repositories() for name in page}
    assert set(IMAGES) <= listed
