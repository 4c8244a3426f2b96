import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.kit.errors import AppError
from pierhead.kit.limits import BodyTooLargeError
from pierhead.oci.digest import Digest
from pierhead.oci.errors import ConfusedDocumentError, InvalidDocumentError, TooManyEntriesError
from pierhead.oci.image_config import ImageConfig
from pierhead.oci.platform import Platform

DIFF_ID = str(Digest.of(b"layer"))
CONFIG: dict[str, Any] = {
    "created": "2024-05-06T07:08:09.123456789Z",
    "architecture": "arm64",
    "variant": "v8",
    "os": "linux",
    "config": {
        "User": "1000",
        "Env": ["PATH=/bin"],
        "Entrypoint": ["/addon"],
        "Cmd": ["run"],
        "WorkingDir": "/harness",
        "Labels": {"org.opencontainers.image.version": "1.2"},
    },
    "rootfs": {"type": "layers", "diff_ids": [DIFF_ID, DIFF_ID]},
    "history": [{"created_by": "x", "empty_layer": True}],
}


def parse(document: object) -> ImageConfig:
    return ImageConfig.parse(json.dumps(document).encode())


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ([], "the image config"),
        (None, "the image config"),
        (CONFIG | {"os": 1}, "os"),
        (CONFIG | {"architecture": ["arm64"]}, "architecture"),
        (CONFIG | {"variant": {}}, "variant"),
        (CONFIG | {"created": 1715000000}, "created"),
        (CONFIG | {"config": "x"}, "config"),
        (CONFIG | {"config": {"Labels": []}}, "config.Labels"),
        (CONFIG | {"config": {"Labels": {"a": 1}}}, "config.Labels"),
        (CONFIG | {"config": {"Env": "PATH=/bin"}}, "config.Env"),
        (CONFIG | {"config": {"Cmd": [1]}}, "config.Cmd[0]"),
        (CONFIG | {"rootfs": [1]}, "rootfs"),
        (CONFIG | {"rootfs": {"diff_ids": DIFF_ID}}, "rootfs.diff_ids"),
        (CONFIG | {"rootfs": {"diff_ids": [DIFF_ID, 1]}}, "rootfs.diff_ids[1]"),
        (CONFIG | {"rootfs": {"diff_ids": ["sha256:../x"]}}, "rootfs.diff_ids[0]"),
    ],
)
def test_refuses_a_wrong_field_and_says_where(document: object, where: str) -> None:
    with pytest.raises(InvalidDocumentError) as caught:
        parse(document)
    assert caught.value.where == where


def test_refuses_a_key_that_go_would_take_for_another() -> None:
    with pytest.raises(ConfusedDocumentError):
        parse(CONFIG | {"OS": "windows"})


def test_refuses_more_layers_than_a_manifest_may_have() -> None:
    with pytest.raises(TooManyEntriesError):
        parse(CONFIG | {"rootfs": {"diff_ids": [DIFF_ID] * 501}})


def test_refuses_a_config_over_the_cap_unread() -> None:
    with pytest.raises(BodyTooLargeError, match="image config"):
        ImageConfig.parse(b" " * (4 * 1024 * 1024 + 1))


def test_reads_what_an_image_says_of_itself() -> None:
    config = parse(CONFIG)
    assert config.platform == Platform("linux", "arm64", "v8")
    assert config.created == datetime(2024, 5, 6, 7, 8, 9, 123456, UTC)
    assert config.labels == {"org.opencontainers.image.version": "1.2"}
    assert (config.entrypoint, config.cmd, config.env) == (("/addon",), ("run",), ("PATH=/bin",))
    assert (config.user, config.working_dir) == ("1000", "/harness")
    assert config.diff_ids == (Digest.of(b"layer"),) * 2


@pytest.mark.parametrize(
    "document", [{}, {"config": None, "rootfs": None}, {"config": {"Labels": None, "Env": None, "Cmd": None}}]
)
def test_an_image_may_say_nothing(document: dict[str, Any]) -> None:
    config = parse(document)
    assert config == ImageConfig("", "")
    assert config.platform is None


@pytest.mark.parametrize(
    ("created", "expected"),
    [
        ("2024-05-06T07:08:09Z", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("2024-05-06T09:08:09+02:00", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00+10:00", None),
        ("2024-05-06T07:08:09", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_a_bad_time_keeps_no_image_from_being_used(created: str | None, expected: datetime | None) -> None:
    assert parse(CONFIG | {"created": created}).created == expected


def test_odd_words_are_no_platform() -> None:
    assert parse(CONFIG | {"os": "li nux"}).platform is None


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(DIFF_ID),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
SECTIONS = st.fixed_dictionaries(
    {},
    optional={
        key: JSON_VALUES | st.dictionaries(st.sampled_from([*CONFIG["config"], "diff_ids", "type"]), JSON_VALUES)
        for key in CONFIG
    },
)


@given(st.binary() | SECTIONS.map(lambda changes: json.dumps(CONFIG | changes).encode()))
def test_any_bytes_are_a_config_or_refused(raw: bytes) -> None:
    try:
        config = ImageConfig.parse(raw)
    except AppError:
        return
    assert config.created is None or config.created.tzinfo is UTC
    assert config.platform is None or config.platform.os == config.os
