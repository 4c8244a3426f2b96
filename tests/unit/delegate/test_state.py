import stat
from pathlib import Path

import pytest

from pierhead.delegate.errors import StateDamagedError, StateInUseError, StateUnusableError
from pierhead.delegate.state import Enrolment, StateDirectory


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "state"


def test_keys_are_made_once_and_found_again(path: Path) -> None:
    with StateDirectory(path) as first:
        identity = first.identity
        assert first.enrolment is None
        enrolment = Enrolment(identity.delegate_id, "acme", b"k" * 32, "t1")
        first.keep(enrolment)
    with StateDirectory(path) as second:
        assert second.identity.delegate_id == identity.delegate_id
        assert second.identity.sealing.public == identity.sealing.public
        assert second.enrolment == enrolment


def test_nobody_else_can_read_them(path: Path) -> None:
    with StateDirectory(path) as state:
        state.keep(Enrolment(state.identity.delegate_id, "acme", b"k" * 32, "t1"))
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.iterdir()}
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert modes == {"lock": 0o600, "identity.json": 0o600, "enrolment.json": 0o600}


def test_an_open_directory_is_closed_to_others_again(path: Path) -> None:
    path.mkdir(parents=True, mode=0o755)
    with StateDirectory(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_two_processes_never_share_an_identity(path: Path) -> None:
    with StateDirectory(path), pytest.raises(StateInUseError, match="another delegate"):
        StateDirectory(path)
    StateDirectory(path).release()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_keys_that_others_may_read_are_not_used(path: Path, mode: int) -> None:
    StateDirectory(path).release()
    (path / "identity.json").chmod(mode)
    with pytest.raises(StateUnusableError, match="0600"):
        StateDirectory(path)


def test_a_link_in_place_of_the_keys_is_not_followed(path: Path, tmp_path: Path) -> None:
    StateDirectory(path).release()
    (path / "identity.json").rename(tmp_path / "elsewhere")
    (path / "identity.json").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StateUnusableError):
        StateDirectory(path)


@pytest.mark.parametrize("text", ["", "{}", "null", '{"signingKey": "x", "sealingKey": "y"}', "x" * 20_000, "[[["])
def test_damaged_keys_are_never_replaced_silently(path: Path, text: str) -> None:
    StateDirectory(path).release()
    (path / "identity.json").write_text(text)
    with pytest.raises(StateDamagedError):
        StateDirectory(path)
    assert (path / "identity.json").read_text() == text
    with pytest.raises(StateDamagedError):
        StateDirectory(path)


def test_an_enrolment_of_other_keys_is_refused(path: Path) -> None:
    with StateDirectory(path) as state:
        state.keep(Enrolment(state.identity.delegate_id, "acme", b"k" * 32, "t1"))
    (path / "identity.json").unlink()
    with pytest.raises(StateDamagedError, match="other keys"):
        StateDirectory(path)


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StateUnusableError):
        StateDirectory(tmp_path / "file" / "state")
