"""Evidence, sparse and rewritten indexes, and archives against Debian's docker-registry, judged by skopeo."""

import json

import pytest

from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.oci.reference import Reference
from pierhead.protocol.tasks import CopyImage, CopyTask, RegistryAccess
from pierhead.registry.endpoint import Endpoint
from pierhead.registry.transport import Transport
from pierhead.testing.docker_registry import PROGRAM, DockerRegistry
from pierhead.testing.images import Image, artifact, image, layer, multi_platform
from pierhead.testing.peers import require_program
from pierhead.testing.push import push_image
from pierhead.worker.archives import Archive, loads_of, save_images
from pierhead.worker.archives.source import ENDPOINT
from pierhead.worker.copying import CopyRequest, copy_images
from pierhead.worker.execute import execute

pytestmark = pytest.mark.interop

MADE = multi_platform([layer({"etc/os-release": "ID=pierhead\n"})], "tool")
SBOM = artifact("application/spdx+json", b"sbom", MADE.descriptor)
SIGNATURE = image([layer({"signature": "of the image"})])
INDEX = "application/vnd.oci.image.index.v1+json"
FALLBACK = f"sha256-{MADE.descriptor.digest.encoded}"


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Two registries without the API for referrers; the first has an image with evidence."""
    require_program(PROGRAM)
    directories = [tmp_path_factory.mktemp(name) for name in ("source", "target")]
    with DockerRegistry(directories[0]) as source, DockerRegistry(directories[1]) as target:
        push_image(source.url, "team/tool", "1", MADE)
        push_image(source.url, "team/tool", f"sbom-of-{MADE.descriptor.digest.encoded[:8]}", SBOM)
        push_image(source.url, "team/tool", f"{FALLBACK}.sig", SIGNATURE)
        entry = SBOM.descriptor.to_json() | {"artifactType": "application/spdx+json"}
        raw = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}).encode()
        push_image(source.url, "team/tool", FALLBACK, Image({}, ((Descriptor(INDEX, Digest.of(raw), len(raw)), raw),)))
        yield source, target


@pytest.fixture
def transport():
    with Transport() as transport:
        yield transport


def copied(transport, source, target, name, **more):
    picture = CopyImage(
        key="k",
        source=f"{source.host}/team/tool:1",
        target=f"{target.host}/{name}",
        from_registry=RegistryAccess(url=source.url),
        to_registry=RegistryAccess(url=target.url),
        **more,
    )
    (event,) = execute(CopyTask(images=(picture,)), transport=transport).images
    return event


def raw_of(skopeo, registry, name) -> bytes:
    return skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{registry.host}/{name}").encode()


def test_evidence_is_there_byte_for_byte(pair, transport, skopeo):
    source, target = pair
    event = copied(transport, source, target, "mirror/tool:1", referrers=True)
    assert (event.state, event.error, event.referrers) == ("copied", None, 2)
    assert raw_of(skopeo, target, "mirror/tool:1") == MADE.raw
    assert raw_of(skopeo, target, f"mirror/tool@{SBOM.descriptor.digest}") == SBOM.raw
    assert raw_of(skopeo, target, f"mirror/tool:{FALLBACK}.sig") == SIGNATURE.raw
    (entry,) = json.loads(raw_of(skopeo, target, f"mirror/tool:{FALLBACK}"))["manifests"]
    assert (entry["digest"], entry["artifactType"]) == (str(SBOM.descriptor.digest), "application/spdx+json")
    assert copied(transport, source, target, "mirror/tool:1", referrers=True).state == "present"


def test_this_registry_takes_no_sparse_index_and_a_rewritten_one(pair, transport, skopeo):
    source, target = pair
    chosen = ("linux/arm64",)
    refused = copied(transport, source, target, "sparse/tool:1", platforms=chosen, index="sparse")
    assert refused.error.code == "sparse-index-refused"
    event = copied(transport, source, target, "rewritten/tool:1", platforms=chosen, index="rewritten")
    assert (event.state, event.source_digest) == ("copied", str(MADE.descriptor.digest))
    raw = raw_of(skopeo, target, "rewritten/tool:1")
    assert str(Digest.of(raw)) == event.digest
    assert json.loads(raw)["annotations"]["dev.pierhead.source.digest"] == str(MADE.descriptor.digest)


def test_an_archive_is_what_skopeo_reads_and_what_it_makes_is_read(pair, transport, skopeo, tmp_path):
    source, target = pair
    endpoint, reference = Endpoint.for_url(source.url), Reference.parse(f"{source.host}/team/tool:1")
    path = tmp_path / "a.tar"
    save_images([CopyRequest("k", endpoint, reference, ENDPOINT, reference, referrers=True)], transport, path)
    skopeo("copy", "--all", f"oci-archive:{path}:{reference}", f"dir:{tmp_path}/out")
    assert (tmp_path / "out/manifest.json").read_bytes() == MADE.raw
    there = f"docker://{source.host}/team/tool:1"
    skopeo("copy", "--all", "--src-tls-verify=false", there, f"oci-archive:{tmp_path}/b.tar:{reference}")
    for number, file in enumerate((path, tmp_path / "b.tar")):
        name = Reference(target.host, f"loaded/tool{number}", "1")
        with Archive(file) as archive:
            requests, opened = loads_of(archive, lambda _, name=name: (Endpoint.for_url(target.url), name))
            (outcome,) = copy_images(requests, transport, lambda _: None, open_source=opened)
        assert (outcome.state, outcome.error) == ("copied", None)
        assert raw_of(skopeo, target, f"{name.repository}:1") == MADE.raw
    assert raw_of(skopeo, target, f"loaded/tool0@{SBOM.descriptor.digest}") == SBOM.raw
