"""The data directory: private, used by one process at a time, and clear about who that is."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pierhead.adapters.data_directory import (
    DataDirectory,
    DirectoryInUseError,
    DirectoryUnusableError,
    RunningServer,
)
from pierhead.kit.errors import ConflictError
from pierhead.testing.clock import FakeClock

HOLDER = """
import sys, time
from pathlib import Path
from pierhead.adapters.data_directory import DataDirectory

lock = DataDirectory(Path(sys.argv[1])).acquire()
if len(sys.argv) > 2:
    lock.announce(sys.argv[2], Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[DataDirectory]:
    before = os.umask(0o022)
    yield DataDirectory(tmp_path / "a" / "data")
    os.umask(before)


def _hold(directory: DataDirectory, *arguments: str) -> subprocess.Popen[str]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(directory.path), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def test_a_second_process_is_refused_within_two_seconds_and_told_who_holds_it(directory: DataDirectory) -> None:
    holder = _hold(directory, "http://127.0.0.1:8411")
    started = time.monotonic()
    with pytest.raises(DirectoryInUseError) as raised:
        directory.acquire()
    waited_s = time.monotonic() - started
    holder.communicate()
    assert waited_s < 2
    assert isinstance(raised.value, ConflictError)
    assert (raised.value.pid, raised.value.url) == (holder.pid, "http://127.0.0.1:8411")
    assert str(holder.pid) in raised.value.message
    assert "http://127.0.0.1:8411" in raised.value.message
    assert str(directory.path) in raised.value.message


def test_a_holder_that_is_no_server_is_named_by_its_process(directory: DataDirectory) -> None:
    directory.path.mkdir(parents=True)
    directory.server_file.write_text('{"url": "http://left.over", "pid": 1}')
    holder = _hold(directory)
    with pytest.raises(DirectoryInUseError) as raised:
        directory.acquire(clock=FakeClock())
    holder.communicate()
    assert (raised.value.pid, raised.value.url) == (holder.pid, None)


def test_the_lock_ends_with_the_process_whatever_ends_it(directory: DataDirectory) -> None:
    holder = _hold(directory, "http://127.0.0.1:8411")
    assert directory.running_server() == RunningServer("http://127.0.0.1:8411", holder.pid)
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    assert directory.running_server() is None  # server.json is still there, and is not believed
    assert directory.server_file.exists()
    directory.acquire().release()


def test_the_same_process_cannot_hold_it_twice(directory: DataDirectory) -> None:
    with directory.acquire(), pytest.raises(DirectoryInUseError):
        directory.acquire(clock=FakeClock())
    directory.acquire().release()


def test_releasing_twice_does_not_let_go_of_somebody_elses_lock(directory: DataDirectory) -> None:
    first = directory.acquire()
    first.release()
    second = directory.acquire()
    second.announce("http://h", directory.images)
    first.release()
    assert directory.running_server() is not None
    second.release()
    assert not directory.server_file.exists()


def test_everything_in_it_is_private(directory: DataDirectory) -> None:
    directory.path.mkdir(parents=True, mode=0o755)
    with directory.acquire() as lock:
        lock.announce("http://h", directory.images)
        directory.database.write_bytes(b"")
        assert stat.S_IMODE(directory.path.stat().st_mode) == 0o700
        for file in (directory.lock_file, directory.server_file, directory.database):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_places_are_where_they_are_said_to_be(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    names = [directory.database, directory.images, directory.key_file, directory.admin_key, directory.lock_file]
    assert [place.name for place in names] == ["pierhead.db", "images", "encryption-key", "admin-key", "lock"]
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(DirectoryUnusableError) as raised:
            DataDirectory(path).acquire()
        assert str(path) in raised.value.message


def test_a_lock_file_that_points_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "victim")
    with pytest.raises(DirectoryUnusableError):
        DataDirectory(tmp_path).acquire()
    assert not (tmp_path / "victim").exists()


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"url": 1, "pid": "x"}', json.dumps({"url": "http://h"}), "\ufffd"]
)
def test_a_server_file_that_says_nothing_is_no_server(directory: DataDirectory, content: str) -> None:
    with directory.acquire():
        directory.server_file.write_text(content)
        assert directory.running_server() is None


def test_a_directory_that_is_not_there_has_no_server_and_stays_absent(directory: DataDirectory) -> None:
    assert directory.running_server() is None
    assert not directory.path.exists()
