import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.oci.errors import (
    ConfusedDocumentError,
    DigestMismatchError,
    InvalidDocumentError,
    SizeMismatchError,
    TooManyEntriesError,
)
from pierhead.oci.platform import Platform

HELLO = Digest.of(b"hello")
PLAIN: dict[str, Any] = {"mediaType": "application/x", "digest": str(HELLO), "size": 5}


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"mediaType": None}, "layers[3].mediaType"),
        ({"mediaType": ""}, "layers[3].mediaType"),
        ({"mediaType": 7}, "layers[3].mediaType"),
        ({"mediaType": "application/x\r\nX-Evil: 1"}, "layers[3].mediaType"),
        ({"mediaType": " application/x"}, "layers[3].mediaType"),
        ({"mediaType": "application/х"}, "layers[3].mediaType"),
        ({"mediaType": "a" * 256}, "layers[3].mediaType"),
        ({"digest": None}, "layers[3].digest"),
        ({"digest": ""}, "layers[3].digest"),
        ({"digest": {"sha256": "a"}}, "layers[3].digest"),
        ({"digest": "sha256:../../x"}, "layers[3].digest"),
        ({"digest": "md5:" + "a" * 32}, "layers[3].digest"),
        ({"size": None}, "layers[3].size"),
        ({"size": -1}, "layers[3].size"),
        ({"size": True}, "layers[3].size"),
        ({"size": False}, "layers[3].size"),
        ({"size": 5.0}, "layers[3].size"),
        ({"size": "5"}, "layers[3].size"),
        ({"size": 2**63}, "layers[3].size"),
        ({"size": float("inf")}, "layers[3].size"),
        ({"urls": "https://example.com"}, "layers[3].urls"),
        ({"urls": [1]}, "layers[3].urls[0]"),
        ({"urls": ["https://example.com", None]}, "layers[3].urls[1]"),
        ({"annotations": []}, "layers[3].annotations"),
        ({"annotations": {"a": 1}}, "layers[3].annotations"),
        ({"annotations": {"a": None}}, "layers[3].annotations"),
        ({"annotations": {"a": "\ud800"}}, "layers[3].annotations"),
        ({"annotations": {"\udfff": "a"}}, "layers[3].annotations"),
        ({"artifactType": 1}, "layers[3].artifactType"),
        ({"platform": "linux/amd64"}, "layers[3].platform"),
        ({"platform": {"os": 1}}, "layers[3].platform.os"),
        ({"data": "!!!!"}, "layers[3].data"),
        ({"data": "aGVsbG8"}, "layers[3].data"),
        ({"data": "aGVs\nbG8="}, "layers[3].data"),
        ({"data": "aGVsbG8=x"}, "layers[3].data"),
        ({"data": "ａ"}, "layers[3].data"),
        ({"data": 5}, "layers[3].data"),
    ],
)
def test_refuses_a_wrong_field_and_says_where(change: dict[str, Any], where: str) -> None:
    with pytest.raises(InvalidDocumentError) as caught:
        Descriptor.from_json(PLAIN | change, "layers[3]")
    assert caught.value.where == where
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("value", [None, [], "sha256:abc", 5])
def test_refuses_what_is_not_an_object(value: object) -> None:
    with pytest.raises(InvalidDocumentError, match=r"config must be an object"):
        Descriptor.from_json(value, "config")


@pytest.mark.parametrize("key", ["Digest", "SIZE", "mediatype", "urlſ"])
def test_refuses_a_key_that_go_would_take_for_another(key: str) -> None:
    with pytest.raises(ConfusedDocumentError, match="layers"):
        Descriptor.from_json(PLAIN | {key: "x"}, "layers[0]")


def test_refuses_more_urls_than_anybody_needs() -> None:
    with pytest.raises(TooManyEntriesError):
        Descriptor.from_json(PLAIN | {"urls": ["https://example.com"] * 101}, "layers[0]")


def test_refuses_embedded_data_that_is_something_else() -> None:
    with pytest.raises(DigestMismatchError):
        Descriptor.from_json(PLAIN | {"data": base64_of(b"hellO")}, "config")
    with pytest.raises(SizeMismatchError):
        Descriptor.from_json(PLAIN | {"data": base64_of(b"hello!")}, "config")


def test_a_constructed_descriptor_is_valid() -> None:
    with pytest.raises(InvalidDocumentError):
        Descriptor("", HELLO, 5)
    with pytest.raises(InvalidDocumentError):
        Descriptor("application/x", HELLO, -1)
    with pytest.raises(InvalidDocumentError):
        Descriptor("application/x", HELLO, True)
    with pytest.raises(DigestMismatchError):
        Descriptor("application/x", HELLO, 5, data=b"hellO")


@pytest.mark.parametrize("key", ["platform", "annotations", "urls", "artifactType", "data"])
def test_null_means_absent(key: str) -> None:
    assert Descriptor.from_json(PLAIN | {key: None}, "x") == Descriptor("application/x", HELLO, 5)


def test_unknown_keys_are_let_pass() -> None:
    assert Descriptor.from_json(PLAIN | {"newInVersion9": [1]}, "x") == Descriptor("application/x", HELLO, 5)


def test_reads_and_writes_every_field() -> None:
    full = PLAIN | {
        "platform": {"os": "linux", "architecture": "arm64", "variant": "v8"},
        "annotations": {"a": "ü"},
        "urls": ["https://example.com/x"],
        "artifactType": "application/y",
        "data": base64_of(b"hello"),
    }
    descriptor = Descriptor.from_json(full, "x")
    assert descriptor.platform == Platform("linux", "arm64", "v8")
    assert descriptor.data == b"hello"
    assert descriptor.urls == ("https://example.com/x",)
    assert descriptor.to_json() == full
    assert hash(descriptor) == hash(Descriptor.from_json(full, "y"))


def test_writes_nothing_that_is_not_there() -> None:
    assert Descriptor("application/x", HELLO, 5).to_json() == PLAIN


def test_embedded_nothing_is_kept_apart_from_nothing_embedded() -> None:
    empty = Descriptor("application/x", Digest.of(b""), 0, data=b"")
    assert empty.to_json()["data"] == ""
    assert Descriptor.from_json(empty.to_json(), "x") == empty


@given(
    st.binary(max_size=40),
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.just("v"), max_size=3),
    st.booleans(),
)
def test_what_is_written_reads_the_same(data: bytes, annotations: dict[str, str], embedded: bool) -> None:
    descriptor = Descriptor(
        "application/x", Digest.of(data), len(data), annotations=annotations, data=data if embedded else None
    )
    assert Descriptor.from_json(json.loads(json.dumps(descriptor.to_json())), "x") == descriptor
