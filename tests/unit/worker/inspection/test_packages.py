import json

import pytest

from pierhead.oci.digest import Digest
from pierhead.testing.images import image, index, layer
from pierhead.testing.signing import DSSE, artifact, envelope, referrers, statement

from .conftest import KEY

CYCLONEDX = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.5",
    "components": [
        {
            "type": "library",
            "purl": "pkg:npm/left-pad@1.3.0",
            "components": [{"type": "library", "purl": "pkg:npm/is-odd@3.0.1"}],
        },
        {"type": "operating-system", "name": "debian"},
    ],
}
SPDX = {
    "spdxVersion": "SPDX-2.3",
    "packages": [
        {
            "name": "openssl",
            "externalRefs": [
                {"referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:openssl:openssl:3"},
                {"referenceType": "purl", "referenceLocator": "pkg:deb/debian/openssl@3.0.11-1?distro=debian-12"},
            ],
        },
        {"name": "the image", "primaryPackagePurpose": "CONTAINER"},
    ],
}
DPKG = """\
Package: libssl3
Status: install ok installed
Source: openssl
Version: 3.0.11-1
Description: a
 Package: not-this

Package: gone
Status: deinstall ok config-files
Version: 1
"""
APK = "P:libssl3\nV:3.1.4-r5\no:openssl\n\nP:musl\nV:1.2.4-r2\no:musl\n\n"
DEBIAN = {"etc/os-release": 'ID=debian\nVERSION_ID="12"\n', "var/lib/dpkg/status": DPKG}
LIBSSL = "pkg:deb/debian/libssl3@3.0.11-1?distro=debian-12&upstream=openssl"


def purls(result, source: str) -> list[str]:
    return [purl for each in result.packages if each.source == source for purl in each.purls]


def problems(result) -> list[str]:
    return [problem.code for each in result.packages for problem in each.problems]


@pytest.mark.parametrize(
    ("document", "found"),
    [
        (CYCLONEDX, ["pkg:npm/left-pad@1.3.0", "pkg:npm/is-odd@3.0.1"]),
        (SPDX, ["pkg:deb/debian/openssl@3.0.11-1?distro=debian-12"]),
    ],
    ids=["CycloneDX", "SPDX"],
)
@pytest.mark.parametrize("way", ["sbom tag", "att tag", "referrer"])
def test_an_sbom_is_found_wherever_it_is_attached(shelf, document, found, way) -> None:
    raw = json.dumps(document).encode()
    kind = "application/spdx+json" if document is SPDX else "application/vnd.cyclonedx+json"
    if way == "sbom tag":
        shelf.attach(artifact((kind, raw, {})), "sbom")
    elif way == "att tag":
        given = statement(shelf.digest, "https://spdx.dev/Document", document)
        shelf.attach(artifact((DSSE, envelope(given, KEY), {})), "att")
    else:
        made = artifact((kind, raw, {}), subject=shelf.image.descriptor, artifact_type=kind)
        shelf.fake.add(shelf.repository, f"sha256-{shelf.digest.encoded}", referrers(made))
    result = shelf.result()
    assert purls(result, "sbom") == found
    (sbom,) = result.sboms
    assert (sbom.subject, sbom.package_count) == (str(shelf.digest), len(found))
    assert sbom.keys == (("release",) if way == "att tag" else ())


def test_an_attestation_manifest_in_the_index_is_read_for_its_platform(shelf) -> None:
    plain = image([layer({"a": "b"})])
    made = index([plain], attested=True)
    entry = json.loads(made.raw)["manifests"][1]
    given = statement(plain.descriptor.digest, "https://spdx.dev/Document", SPDX)
    claim = artifact(("application/vnd.in-toto+json", given, {}))
    entry |= {"digest": str(claim.descriptor.digest), "size": claim.descriptor.size}
    raw = json.dumps(json.loads(made.raw) | {"manifests": [json.loads(made.raw)["manifests"][0], entry]}).encode()
    shelf.fake.add(shelf.repository, "claim", claim)
    top = type(made.documents[-1][0])(made.descriptor.media_type, Digest.of(raw), len(raw))
    shelf.put(type(made)(made.blobs, (*made.documents[:-1], (top, raw)), made.manifests))
    result = shelf.result()
    assert [sbom.subject for sbom in result.sboms] == [str(plain.descriptor.digest)]
    assert [each.platform for each in result.images] == ["linux/amd64"]


def test_an_sbom_attested_for_another_image_is_a_problem_and_no_sbom(shelf) -> None:
    given = statement(Digest.of(b"other"), "https://spdx.dev/Document", SPDX)
    shelf.attach(artifact((DSSE, envelope(given, KEY), {})), "att")
    result = shelf.result()
    assert (result.sboms, [problem.code for problem in result.sbom_problems]) == ((), ["sbom-of-another-image"])


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (json.dumps(SPDX).encode()[:-20], "sbom-unreadable"),
        (b'{"bomFormat": "CycloneDX", "components": ' + b"[" * 100_000, "sbom-unreadable"),
        (b'{"bomFormat": "CycloneDX", "x": [' + b"1," * 3_500_000 + b"1]}", "sbom-unreadable"),
        (b" " * (9 * 1024 * 1024), "registry-body-too-large"),
    ],
    ids=["truncated", "deep", "many values", "large"],
)
def test_a_broken_or_hostile_sbom_is_a_problem(shelf, raw, code) -> None:
    shelf.attach(artifact(("application/spdx+json", raw, {})), "sbom")
    result = shelf.result()
    assert (result.sboms, [problem.code for problem in result.sbom_problems]) == ((), [code])


def test_packages_without_a_name_to_match_are_told(shelf) -> None:
    given = {"bomFormat": "CycloneDX", "components": [{"type": "library", "name": "x"}]}
    shelf.attach(artifact(("application/vnd.cyclonedx+json", json.dumps(given).encode(), {})), "sbom")
    assert problems(shelf.result()) == ["packages-without-purl"]


def test_layers_are_read_where_there_is_no_sbom_and_only_when_asked_for(shelf) -> None:
    shelf.put(image([layer(DEBIAN)]))
    assert shelf.result().packages == ()
    assert purls(shelf.result(read_layers="withoutSbom"), "layers") == [LIBSSL]


def test_an_sbom_spares_the_layers_unless_they_are_always_wanted(shelf) -> None:
    shelf.put(image([layer(DEBIAN)]))
    shelf.attach(artifact(("application/spdx+json", json.dumps(SPDX).encode(), {})), "sbom")
    assert purls(shelf.result(keys=(), read_layers="withoutSbom"), "layers") == []
    assert purls(shelf.result(keys=(), read_layers="always"), "layers") == [LIBSSL]


def test_where_there_are_keys_an_sbom_that_none_of_them_attested_spares_nothing(shelf) -> None:
    shelf.put(image([layer(DEBIAN)]))
    shelf.attach(artifact(("application/spdx+json", json.dumps(SPDX).encode(), {})), "sbom")
    assert purls(shelf.result(read_layers="withoutSbom"), "layers") == [LIBSSL]
    given = statement(shelf.digest, "https://spdx.dev/Document", SPDX)
    shelf.attach(artifact((DSSE, envelope(given, KEY), {})), "att")
    assert purls(shelf.result(read_layers="withoutSbom"), "layers") == []


def test_only_the_wanted_platforms_are_read(shelf) -> None:
    result = shelf.result(read_layers="always", platforms=("linux/arm64",))
    arm = next(each for each in result.images if each.platform.startswith("linux/arm64"))
    assert [each.subject for each in result.packages] == [arm.digest]


def test_a_layer_that_was_changed_in_the_registry_is_a_problem_and_gives_no_packages(shelf) -> None:
    packed = layer(DEBIAN)
    shelf.put(image([packed]))
    changed = bytearray(packed.content)
    changed[-5] ^= 1
    shelf.fake.content._blobs[packed.digest] = bytes(changed)
    result = shelf.result(read_layers="always")
    assert (purls(result, "layers"), problems(result)) == ([], ["digest-mismatch"])


def test_a_layer_that_is_not_there_is_a_problem(shelf) -> None:
    packed = layer(DEBIAN)
    shelf.put(image([packed]))
    shelf.fake.content.remove_blob(shelf.repository, packed.digest)
    assert problems(shelf.result(read_layers="always")) == ["blob-unknown"]


def test_what_is_told_of_each_image_is_its_own_words_and_its_size(shelf) -> None:
    packed = layer({"a": "b"})
    shelf.put(image([packed], labels={"org.opencontainers.image.version": "1.2"}))
    (found,) = shelf.result().images
    assert found.labels == {"org.opencontainers.image.version": "1.2"}
    assert found.created is not None
    assert found.size_bytes > packed.size
