"""Secrets in files below one root, and in variables with one prefix."""

import os
from pathlib import Path

import pytest

from pierhead.adapters.secret_managers.environment import EnvironmentSecrets
from pierhead.adapters.secret_managers.file import FileSecrets
from pierhead.control.secrets import (
    ManagedValueDeniedError,
    ManagedValueInvalidError,
    ManagedValueMissingError,
    ReferencePathError,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "outside").write_text("outside")
    root = tmp_path / "root"
    (root / "team").mkdir(parents=True)
    (root / "team" / "password").write_text("value\n")
    return root


@pytest.fixture
def files(root: Path) -> FileSecrets:
    return FileSecrets("files", root)


def test_a_file_is_read_without_its_last_line_end(files: FileSecrets, root: Path) -> None:
    assert files.read("team/password", None).reveal() == "value"
    (root / "pem").write_bytes(b"a\r\n\r\n")
    assert files.read("pem", None).reveal() == "a\r\n"


@pytest.mark.parametrize(
    "path", ["../outside", "team/../../outside", "/etc/passwd", "", "team/", "./team", "team//password", "a\x00b", ".."]
)
def test_a_path_out_of_the_root_is_refused(files: FileSecrets, path: str) -> None:
    with pytest.raises(ReferencePathError):
        files.read(path, None)


def test_a_link_out_of_the_root_is_refused_and_one_within_is_followed(
    files: FileSecrets, root: Path, tmp_path: Path
) -> None:
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "up").symlink_to(tmp_path)
    (root / "in").symlink_to("team/password")
    (root / "loop").symlink_to("loop")
    for path in ("out", "up/outside", "loop"):
        with pytest.raises(ManagedValueDeniedError):
            files.read(path, None)
    assert files.read("in", None).reveal() == "value"


def test_the_root_itself_may_be_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    assert FileSecrets("files", tmp_path / "link").read("team/password", None).reveal() == "value"


def test_a_directory_beside_the_root_with_the_same_beginning_is_outside(root: Path, tmp_path: Path) -> None:
    (tmp_path / "root2").mkdir()
    (tmp_path / "root2" / "x").write_text("x")
    (root / "side").symlink_to(tmp_path / "root2" / "x")
    with pytest.raises(ManagedValueDeniedError):
        FileSecrets("files", root).read("side", None)


def test_what_is_no_regular_file_of_fit_text_is_refused(files: FileSecrets, root: Path) -> None:
    os.mkfifo(root / "pipe")
    (root / "large").write_bytes(b"x" * 70_000)
    (root / "bytes").write_bytes(b"\xff\xfe")
    for path in ("team", "pipe", "large", "bytes"):
        with pytest.raises(ManagedValueInvalidError):
            files.read(path, None)
    for path in ("nothing", "team/password/x", "y" * 300):
        with pytest.raises(ManagedValueMissingError):
            files.read(path, None)


def test_only_variables_with_the_prefix_are_read() -> None:
    environment = {"PIERHEAD_SECRET_HUB": "value", "PIERHEAD_ENCRYPTION_KEY": "root", "PIERHEAD_SECRET_EMPTY": ""}
    manager = EnvironmentSecrets("env", "PIERHEAD_SECRET_", environment)
    assert manager.read("PIERHEAD_SECRET_HUB", None).reveal() == "value"
    for path in (
        "PIERHEAD_ENCRYPTION_KEY",
        "HOME",
        "PIERHEAD_SECRET_",
        "",
        "PIERHEAD_SECRET_A-B",
        "pierhead_secret_hub",
    ):
        with pytest.raises(ReferencePathError):
            manager.read(path, None)
    for path in ("PIERHEAD_SECRET_EMPTY", "PIERHEAD_SECRET_NO"):
        with pytest.raises(ManagedValueMissingError):
            manager.read(path, None)


def test_neither_has_versions(files: FileSecrets) -> None:
    for manager in (files, EnvironmentSecrets("env", "PIERHEAD_SECRET_", {})):
        with pytest.raises(ReferencePathError):
            manager.check("PIERHEAD_SECRET_HUB", "1")
