import base64
import os
import stat
import threading
from pathlib import Path

import pytest

from pierhead.adapters.keyring_file import (
    FileKeyring,
    KeyFileExposedError,
    KeyFileInvalidError,
    KeyFileUnreadableError,
)
from pierhead.control.secrets import SecretDamagedError


def key_file(path: Path, content: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666, 0o644, 0o610, 0o601])
def test_a_key_file_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    path = key_file(tmp_path / "key", base64.b64encode(bytes(32)), mode)
    with pytest.raises(KeyFileExposedError) as refusal:
        FileKeyring(path)
    assert refusal.value.message == f"key file {path} is open to others (mode {mode:04o})"
    assert refusal.value.hint == f"run: chmod 600 {path}"


@pytest.mark.parametrize(
    "content", [b"", b"\n", base64.b64encode(bytes(31)), base64.b64encode(bytes(33)), b"not base64!", b"A" * 100_000]
)
def test_a_key_file_without_a_key_in_it_is_refused(tmp_path: Path, content: bytes) -> None:
    path = key_file(tmp_path / "key", content)
    with pytest.raises(KeyFileInvalidError) as refusal:
        FileKeyring(path)
    assert "must hold 32 bytes in base64" in refusal.value.message
    assert "\n" not in refusal.value.message
    assert path.read_bytes() == content


def test_a_directory_or_a_pipe_is_no_key_file(tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir(mode=0o700)
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name in ("directory", "pipe"):
        with pytest.raises((KeyFileInvalidError, KeyFileUnreadableError)):
            FileKeyring(tmp_path / name)


def test_a_key_file_in_a_folder_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(KeyFileUnreadableError, match="No such file or directory"):
        FileKeyring(tmp_path / "missing" / "key")


def test_no_key_is_made_when_one_must_be_there_already(tmp_path: Path) -> None:
    with pytest.raises(KeyFileUnreadableError):
        FileKeyring(tmp_path / "key", create=False)
    assert list(tmp_path.iterdir()) == []


def test_the_first_start_makes_a_key_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "key"
    before = os.umask(0)  # the widest: the mode must not depend on it
    try:
        FileKeyring(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(base64.b64decode(path.read_bytes())) == 32
    assert [entry.name for entry in tmp_path.iterdir()] == ["key"]


def test_the_next_start_uses_the_same_key(tmp_path: Path) -> None:
    first = FileKeyring(tmp_path / "key")
    second = FileKeyring(tmp_path / "key")
    assert first.current_key_id == second.current_key_id
    assert second.unwrap(first.current_key_id, first.wrap(b"d" * 32, b"place"), b"place") == b"d" * 32


def test_each_data_directory_gets_a_key_of_its_own(tmp_path: Path) -> None:
    assert FileKeyring(tmp_path / "a").current_key_id != FileKeyring(tmp_path / "b").current_key_id


def test_starts_at_the_same_moment_agree_on_one_key(tmp_path: Path) -> None:
    barrier = threading.Barrier(8)
    ids: list[str] = []

    def start() -> None:
        barrier.wait()
        ids.append(FileKeyring(tmp_path / "key").current_key_id)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 8
    assert len(set(ids)) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["key"]


def test_a_data_key_is_bound_to_its_place(tmp_path: Path) -> None:
    keyring = FileKeyring(tmp_path / "key")
    wrapped = keyring.wrap(b"d" * 32, b"here")
    with pytest.raises(SecretDamagedError):
        keyring.unwrap(keyring.current_key_id, wrapped, b"there")


def test_the_key_is_not_in_what_the_keyring_shows_of_itself(tmp_path: Path) -> None:
    keyring = FileKeyring(tmp_path / "key")
    text = (tmp_path / "key").read_text().strip()
    assert text not in repr(keyring)
    assert base64.b64decode(text).hex()[:16] != keyring.current_key_id


def test_other_uses_get_bytes_of_their_own_that_stay_the_same(tmp_path: Path) -> None:
    keyring = FileKeyring(tmp_path / "key")
    pepper = keyring.derive("api keys")
    assert len(pepper) == 32
    assert pepper == FileKeyring(tmp_path / "key").derive("api keys")
    assert pepper != keyring.derive("something else")
    assert pepper != FileKeyring(tmp_path / "other").derive("api keys")
    assert base64.b64encode(pepper) not in (tmp_path / "key").read_bytes()
