"""How long a refusal takes tells nobody whether a key is there."""

import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pierhead.adapters.sql import SqlStore
from pierhead.control.access import AccessService, InvalidTokenError
from pierhead.kit.clock import SystemClock

SAMPLES = 10_000
NOISE = 0.25  # of the median: a row that is read and not fitted, against none


@pytest.mark.faults
def test_an_unknown_key_takes_as_long_as_a_wrong_secret(tmp_path: Path, tell: Callable[[str], None]) -> None:
    store = SqlStore(tmp_path / "store.db")
    store.use_audit_key(b"a" * 32)
    access = AccessService(store, SystemClock(), b"p" * 32)
    account, key = access.create_account()
    shown = {
        "wrong secret": f"{key.reveal().rpartition('.')[0]}.{'x' * 43}",
        "unknown key": f"pat.{account.id}.{'k' * 22}.{'x' * 43}",
    }
    taken: dict[str, list[float]] = {name: [] for name in shown}
    order = [name for name in shown for _ in range(SAMPLES)]
    random.shuffle(order)
    for name in order:
        began = time.perf_counter()
        try:
            access.authenticate(shown[name])
        except InvalidTokenError:
            taken[name].append(time.perf_counter() - began)
    wrong, unknown = (statistics.median(taken[name]) for name in shown)
    store.close()
    tell(f"refused keys: wrong secret {wrong * 1e6:.0f} us, unknown key {unknown * 1e6:.0f} us")
    assert len(taken["wrong secret"]) == len(taken["unknown key"]) == SAMPLES
    assert abs(wrong - unknown) < NOISE * wrong, (wrong, unknown)
