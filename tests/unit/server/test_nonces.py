"""A request counts once, for as long as it could be believed; remembering that takes a bounded place."""

from pierhead.server.delegates import nonces
from pierhead.server.delegates.nonces import WINDOW_S, NonceMemory


def test_a_nonce_counts_once_for_each_key() -> None:
    memory = NonceMemory()
    assert memory.use("a", "n", 1000, 1000.0) is True
    assert memory.use("a", "n", 1000, 1001.0) is False
    assert memory.use("b", "n", 1000, 1001.0) is True


def test_it_is_remembered_as_long_as_the_request_would_be_believed() -> None:
    """Signed by a clock that is ahead, a request can be sent again for two windows."""
    memory = NonceMemory()
    created = 1000 + int(WINDOW_S)
    assert memory.use("a", "n", created, 1000.0)
    assert memory.use("a", "n", created, created + WINDOW_S) is False


def test_what_is_too_old_is_forgotten() -> None:
    memory = NonceMemory()
    for second in range(1000):
        assert memory.use("a", f"n{second}", second, float(second))
    assert len(memory) < 2 * WINDOW_S + 60


def test_one_key_cannot_fill_the_memory_for_the_others(monkeypatch) -> None:
    monkeypatch.setattr(nonces, "_PER_KEY", 10)
    memory = NonceMemory()
    assert [memory.use("a", f"n{number}", 1000, 1000.0) for number in range(12)] == [True] * 10 + [None] * 2
    assert memory.use("b", "n", 1000, 1000.0) is True
