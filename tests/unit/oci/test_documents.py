import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.kit.errors import AppError
from pierhead.kit.limits import BodyTooLargeError
from pierhead.oci import media_types as mt
from pierhead.oci.digest import Digest
from pierhead.oci.documents import MAX_DOCUMENT_BYTES, parse_document
from pierhead.oci.errors import (
    ConfusedDocumentError,
    InvalidDocumentError,
    TooManyEntriesError,
    UnsupportedDocumentError,
)
from pierhead.oci.index import Index
from pierhead.oci.manifest import Manifest


def blob(content: bytes, media_type: str = mt.OCI_LAYER_GZIP, **more: Any) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": str(Digest.of(content)), "size": len(content), **more}


CONFIG = blob(b"{}", mt.OCI_CONFIG)
MANIFEST: dict[str, Any] = {
    "schemaVersion": 2,
    "mediaType": mt.OCI_MANIFEST,
    "config": CONFIG,
    "layers": [blob(b"one"), blob(b"two")],
}
INDEX: dict[str, Any] = {
    "schemaVersion": 2,
    "mediaType": mt.OCI_INDEX,
    "manifests": [
        blob(b"amd", mt.OCI_MANIFEST, platform={"os": "linux", "architecture": "amd64"}),
        blob(b"arm", mt.OCI_MANIFEST, platform={"os": "linux", "architecture": "arm64", "variant": "v8"}),
    ],
}
SCHEMA1 = {"schemaVersion": 1, "name": "a", "tag": "b", "fsLayers": [{"blobSum": "x"}], "signatures": []}


def parse(document: object, content_type: str | None = None) -> Manifest | Index:
    return parse_document(json.dumps(document).encode(), content_type)


def without(document: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key not in keys}


@pytest.mark.parametrize(
    "document",
    [
        MANIFEST | {"manifests": []},
        MANIFEST | {"manifests": None},
        MANIFEST | {"manifests": INDEX["manifests"]},
        INDEX | {"layers": []},
        INDEX | {"layers": None},
        INDEX | {"config": CONFIG},
        INDEX | {"fsLayers": []},
        MANIFEST | {"fsLayers": []},
        MANIFEST | {"mediaType": mt.OCI_INDEX},
        MANIFEST | {"mediaType": mt.DOCKER_LIST},
        INDEX | {"mediaType": mt.OCI_MANIFEST},
        without(MANIFEST, "mediaType") | {"manifests": []},
        MANIFEST | {"Manifests": []},
        MANIFEST | {"MANIFESTS": []},
        MANIFEST | {"manifestſ": []},
        MANIFEST | {"Layers": []},
        MANIFEST | {"MediaType": mt.OCI_INDEX},
        INDEX | {"layerſ": []},
    ],
)
@pytest.mark.parametrize("content_type", [None, mt.OCI_MANIFEST, mt.OCI_INDEX])
def test_refuses_what_two_readers_could_take_for_two_things(document: dict[str, Any], content_type: str | None) -> None:
    with pytest.raises(ConfusedDocumentError) as caught:
        parse(document, content_type)
    assert caught.value.message.isprintable()


@pytest.mark.parametrize(
    ("document", "content_type"),
    [
        (MANIFEST, mt.OCI_INDEX),
        (MANIFEST, mt.DOCKER_MANIFEST),
        (MANIFEST, mt.SCHEMA1_SIGNED),
        (MANIFEST, "application/vnd.oci.artifact.manifest.v1+json"),
        (INDEX, mt.OCI_MANIFEST),
        (INDEX, mt.DOCKER_LIST),
        (INDEX, f"{mt.OCI_INDEX}, {mt.OCI_INDEX}"),
        (without(MANIFEST, "mediaType"), mt.OCI_INDEX),
        (without(INDEX, "mediaType"), mt.OCI_MANIFEST),
        (without(INDEX, "mediaType"), mt.DOCKER_MANIFEST),
    ],
)
def test_refuses_a_content_type_that_contradicts(document: dict[str, Any], content_type: str) -> None:
    with pytest.raises(ConfusedDocumentError):
        parse(document, content_type)


@pytest.mark.parametrize(
    ("document", "content_type"),
    [
        (SCHEMA1, mt.SCHEMA1),
        (SCHEMA1, f"{mt.SCHEMA1_SIGNED}; charset=utf-8"),
        (SCHEMA1, "application/json"),
        (SCHEMA1, None),
        (SCHEMA1, mt.DOCKER_MANIFEST),
        (SCHEMA1 | {"mediaType": mt.SCHEMA1}, None),
        ({"schemaVersion": 1}, None),
    ],
)
def test_schema_1_is_unsupported_with_a_way_out(document: dict[str, Any], content_type: str | None) -> None:
    with pytest.raises(UnsupportedDocumentError) as caught:
        parse(document, content_type)
    assert "build and push it again" in caught.value.hint
    assert caught.value.media_type in mt.SCHEMA1S


@pytest.mark.parametrize(
    ("document", "content_type"),
    [
        ({"mediaType": "application/vnd.oci.artifact.manifest.v1+json", "blobs": []}, None),
        ({"blobs": []}, "application/vnd.oci.artifact.manifest.v1+json"),
        (MANIFEST | {"mediaType": "text/html"}, None),
        (MANIFEST | {"mediaType": mt.OCI_MANIFEST.upper()}, None),
    ],
)
def test_other_documents_are_unsupported(document: dict[str, Any], content_type: str | None) -> None:
    with pytest.raises(UnsupportedDocumentError):
        parse(document, content_type)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "not valid JSON"),
        (b"<html>", "not valid JSON"),
        (b"\xff\xfe", "UTF-8"),
        (b'\xef\xbb\xbf{"schemaVersion":2}', "not valid JSON"),
        (b"null", "must be an object"),
        (b"[]", "must be an object"),
        (b'"manifest"', "must be an object"),
        (b"{}", "neither"),
        (b'{"schemaVersion":2}', "neither"),
        (b'{"layers":[],"layers":[]}', "occurs twice"),
        (b'{"layers":[],"\\u006cayers":[]}', "occurs twice"),
        (b'{"config":{"size":1,"size":2}}', "occurs twice"),
        (b'{"manifests":[],"x":NaN}', "NaN"),
        (b'{"manifests":[],"x":-Infinity}', "Infinity"),
        (b'{"manifests":[],"x":' + b"9" * 5000 + b"}", "digits"),
        (b'{"manifests":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested"),
        (b'{"manifests":[' + b"[]," * 100 + b'"' + b'\\"' * 500_000, "not valid JSON"),
        (b'{"' + b"k" * 100_000 + b'":1,"' + b"k" * 100_000 + b'":2}', "occurs twice"),
    ],
)
def test_refuses_bytes_that_are_no_document(raw: bytes, says: str) -> None:
    with pytest.raises(InvalidDocumentError) as caught:
        parse_document(raw, None)
    assert says in caught.value.message
    assert len(caught.value.message) < 500


@pytest.mark.parametrize(
    ("document", "where"),
    [
        (MANIFEST | {"schemaVersion": 3}, "schemaVersion"),
        (MANIFEST | {"schemaVersion": 1}, "schemaVersion"),
        (MANIFEST | {"schemaVersion": "2"}, "schemaVersion"),
        (MANIFEST | {"schemaVersion": 2.0}, "schemaVersion"),
        (INDEX | {"schemaVersion": True}, "schemaVersion"),
        (MANIFEST | {"mediaType": 2}, "mediaType"),
        (without(MANIFEST, "config"), "config"),
        (MANIFEST | {"config": None}, "config"),
        (MANIFEST | {"config": "sha256:abc"}, "config"),
        (MANIFEST | {"config": without(CONFIG, "digest")}, "config.digest"),
        (MANIFEST | {"layers": {}}, "layers"),
        (MANIFEST | {"layers": [blob(b"one"), None]}, "layers[1]"),
        (MANIFEST | {"layers": [blob(b"one") | {"size": -1}]}, "layers[0].size"),
        (MANIFEST | {"subject": {}}, "subject.mediaType"),
        (MANIFEST | {"annotations": {"a": 1}}, "annotations"),
        (MANIFEST | {"artifactType": []}, "artifactType"),
        (INDEX | {"manifests": "none"}, "manifests"),
        (INDEX | {"manifests": [[]]}, "manifests[0]"),
        (INDEX | {"manifests": [blob(b"x", platform={"os": "\n"})]}, "manifests[0].platform"),
    ],
)
def test_refuses_a_wrong_field_and_says_where(document: dict[str, Any], where: str) -> None:
    with pytest.raises(InvalidDocumentError) as caught:
        parse(document)
    assert caught.value.where == where


def test_refuses_a_digest_with_two_sizes() -> None:
    with pytest.raises(ConfusedDocumentError, match="two sizes"):
        parse(MANIFEST | {"layers": [blob(b"one"), blob(b"one") | {"size": 4}]})


def test_refuses_a_document_over_the_cap_unread() -> None:
    with pytest.raises(BodyTooLargeError):
        parse_document(b" " * (MAX_DOCUMENT_BYTES + 1), None)


def test_a_document_of_just_the_cap_is_read() -> None:
    raw = json.dumps(MANIFEST).encode()
    assert isinstance(parse_document(raw + b" " * (MAX_DOCUMENT_BYTES - len(raw)), None), Manifest)


@pytest.mark.parametrize(("document", "key", "cap"), [(MANIFEST, "layers", 500), (INDEX, "manifests", 10_000)])
def test_entries_are_capped(document: dict[str, Any], key: str, cap: int) -> None:
    entry = document[key][0]
    parse(document | {key: [entry] * cap})
    with pytest.raises(TooManyEntriesError, match=f"{key} has {cap + 1:,} entries"):
        parse(document | {key: [entry] * (cap + 1)})


@pytest.mark.parametrize("media_type", sorted(mt.MANIFESTS))
def test_reads_a_manifest_and_keeps_its_bytes(media_type: str) -> None:
    raw = json.dumps(MANIFEST | {"mediaType": media_type}, indent=3).encode()
    manifest = parse_document(raw, media_type)
    assert isinstance(manifest, Manifest)
    assert manifest.raw is raw
    assert manifest.media_type == media_type
    assert manifest.config.digest == Digest.of(b"{}")
    assert [layer.size for layer in manifest.layers] == [3, 3]


@pytest.mark.parametrize("media_type", sorted(mt.INDEXES))
def test_reads_an_index_and_keeps_its_bytes(media_type: str) -> None:
    raw = json.dumps(INDEX | {"mediaType": media_type}, indent=3).encode()
    index = parse_document(raw, media_type)
    assert isinstance(index, Index)
    assert index.raw is raw
    assert index.media_type == media_type
    assert [str(entry.platform) for entry in index.manifests] == ["linux/amd64", "linux/arm64/v8"]


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "text/plain; charset=utf-8",
        "application/json",
        "application/octet-stream",
        "binary/octet-stream",
        mt.OCI_MANIFEST,
        f"{mt.OCI_MANIFEST};charset=utf-8",
        f" {mt.OCI_MANIFEST.upper()} ; q=1",
    ],
)
def test_the_document_knows_its_type_better_than_a_vague_registry(content_type: str | None) -> None:
    assert parse(MANIFEST, content_type).media_type == mt.OCI_MANIFEST
    assert parse(without(MANIFEST, "mediaType"), content_type).media_type == mt.OCI_MANIFEST


@pytest.mark.parametrize(
    ("document", "content_type", "media_type"),
    [
        (MANIFEST, mt.DOCKER_MANIFEST, mt.DOCKER_MANIFEST),
        (MANIFEST, "application/json", mt.OCI_MANIFEST),
        (INDEX, mt.DOCKER_LIST, mt.DOCKER_LIST),
        (INDEX, None, mt.OCI_INDEX),
        (MANIFEST | {"mediaType": ""}, mt.DOCKER_MANIFEST, mt.DOCKER_MANIFEST),
        (MANIFEST | {"mediaType": None}, None, mt.OCI_MANIFEST),
    ],
)
def test_a_missing_media_type_is_the_registrys_or_inferred(
    document: dict[str, Any], content_type: str | None, media_type: str
) -> None:
    bare = document if not document["mediaType"] else without(document, "mediaType", "schemaVersion")
    assert parse(bare, content_type).media_type == media_type


@pytest.mark.parametrize("layers", [[], None])
def test_a_manifest_may_have_no_layers(layers: list[object] | None) -> None:
    manifest = parse(MANIFEST | {"layers": layers})
    assert isinstance(manifest, Manifest)
    assert manifest.layers == ()
    assert parse(without(MANIFEST, "layers", "mediaType")) is not None


@pytest.mark.parametrize("manifests", [[], None])
def test_an_index_may_be_empty(manifests: list[object] | None) -> None:
    index = parse(without(INDEX, "mediaType") | {"manifests": manifests})
    assert isinstance(index, Index)
    assert index.manifests == ()


def test_reads_artifacts_with_subject_and_type() -> None:
    more = {"artifactType": "application/x", "subject": blob(b"s", mt.OCI_MANIFEST), "annotations": {"a": "b"}}
    for document in (MANIFEST, INDEX):
        parsed = parse(document | more)
        assert parsed.artifact_type == "application/x"
        assert parsed.subject is not None
        assert parsed.subject.digest == Digest.of(b"s")
        assert parsed.annotations == {"a": "b"}


def test_reads_foreign_layers_sha512_and_embedded_data() -> None:
    config = blob(b"{}", mt.OCI_EMPTY, data="e30=")
    layer = {
        "mediaType": mt.DOCKER_FOREIGN_LAYER,
        "digest": str(Digest.of(b"x", "sha512")),
        "size": 1,
        "urls": ["https://example.com/x"],
    }
    manifest = parse(MANIFEST | {"config": config, "layers": [layer]})
    assert isinstance(manifest, Manifest)
    assert manifest.config.data == b"{}"
    assert manifest.layers[0].urls == ("https://example.com/x",)
    assert manifest.layers[0].digest.algorithm == "sha512"


def test_index_entries_need_no_platform_and_may_be_indexes() -> None:
    index = parse(INDEX | {"manifests": [blob(b"x", mt.OCI_MANIFEST), blob(b"y", mt.OCI_INDEX)]})
    assert isinstance(index, Index)
    assert [entry.platform for entry in index.manifests] == [None, None]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([*mt.ACCEPT, "a" * 64]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
CONTENT_TYPES = st.none() | st.sampled_from([*mt.ACCEPT, "text/plain", "application/json"]) | st.text()


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    document = json.loads(json.dumps(draw(st.sampled_from([MANIFEST, INDEX, SCHEMA1]))))
    for _ in range(draw(st.integers(0, 3))):
        change_somewhere(draw, document)
    return document


def change_somewhere(draw: st.DrawFn, node: Any) -> None:
    """Walks down at random and replaces, removes, renames or adds one thing."""
    while isinstance(node, dict | list) and node:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = draw(st.sampled_from(keys))
        if isinstance(node[key], dict | list) and node[key] and draw(st.booleans()):
            node = node[key]
            continue
        action = draw(st.sampled_from(["replace", "remove", "rename", "add"]))
        value = node.pop(key) if action in ("remove", "rename") else draw(JSON_VALUES)
        if isinstance(node, list):
            node.insert(0, value)
        elif action != "remove":
            known = [key, str(key).upper(), "layers", "manifests", "config", "data", "platform", "annotations"]
            node[key if action == "replace" else draw(st.sampled_from(known) | st.text())] = value
        return


def check_refusal(error: AppError) -> None:
    assert error.message.isprintable()
    assert len(error.message) < 1000


def check(raw: bytes, content_type: str | None) -> None:
    try:
        parsed = parse_document(raw, content_type)
    except AppError as error:
        check_refusal(error)
        return
    assert parsed.raw is raw
    assert isinstance(parsed, Index) == (parsed.media_type in mt.INDEXES)
    assert isinstance(parsed, Manifest) == (parsed.media_type in mt.MANIFESTS)
    entries = parsed.manifests if isinstance(parsed, Index) else (parsed.config, *parsed.layers)
    for entry in entries:
        assert type(entry).from_json(json.loads(json.dumps(entry.to_json())), "again") == entry


@given(st.binary() | JSON_VALUES.map(lambda value: json.dumps(value).encode()), CONTENT_TYPES)
def test_any_bytes_are_a_document_or_refused(raw: bytes, content_type: str | None) -> None:
    check(raw, content_type)


@given(mutated(), CONTENT_TYPES)
def test_any_change_to_a_document_leaves_a_document_or_is_refused(document: Any, content_type: str | None) -> None:
    check(json.dumps(document).encode(), content_type)


@given(st.sampled_from([MANIFEST, INDEX]), st.data())
def test_any_flipped_byte_leaves_a_document_or_is_refused(document: dict[str, Any], data: st.DataObject) -> None:
    raw = bytearray(json.dumps(document).encode())
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    check(bytes(raw), document["mediaType"])
