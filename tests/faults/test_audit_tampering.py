"""Whatever is done to the tables of the audit trail is found."""

from pathlib import Path

import pytest

from pierhead.testing.tampering import undetected

from .conftest import Tell

ROUNDS = 1000


@pytest.mark.faults
def test_every_one_of_1000_random_changes_of_the_tables_is_found(tmp_path: Path, seed: int, tell: Tell) -> None:
    missed = undetected(tmp_path / "store.db", ROUNDS, seed)
    tell(f"{ROUNDS - len(missed)} of {ROUNDS} changes of the audit tables were found")
    assert missed == []
