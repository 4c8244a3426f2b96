"""Any bytes from the other side give an answer or an error with a name, in bounded memory and without waiting."""

import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierhead.kit.errors import AppError
from pierhead.registry.context import CallContext, Timeouts
from pierhead.registry.errors import ShortBodyError
from pierhead.registry.wire.connection import Connection
from pierhead.registry.wire.pool import Pool
from pierhead.registry.wire.watch import Watch
from pierhead.testing.clock import FakeClock

CLOCK = FakeClock()


def exchange(sent: bytes, method: str = "GET") -> tuple[int, bytes]:
    """Status and body of an answer of which the whole is on the wire already."""
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(sent)
        theirs.shutdown(socket.SHUT_WR)
        connection = Connection(ours, "x", None)
        try:
            watch = Watch(CallContext(), CLOCK, Timeouts(), "it")
            response = connection.exchange(method, "/", [("Host", "x")], watch, 4096)
            return response.status, response.read(100_000, "it")
        finally:
            connection.close()


HEADS = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.0 404 No\r\n\r\n",
        b"HTTP/1.1 204 No\r\nContent-Length: 7\r\n\r\n",
        b"HTTP/1.1 100 Go\r\n\r\n",
        b"",
    ]
)
CHUNKS = st.lists(
    st.sampled_from([b"3\r\n", b"abc", b"\r\n", b"0\r\n", b"\r\n\r\n", b"ff", b";x=y", b"-1\r\n", b"\n"]), max_size=12
)


@settings(deadline=None)
@given(HEADS, st.binary(max_size=200) | CHUNKS.map(b"".join), st.sampled_from(["GET", "HEAD"]))
def test_any_bytes_are_an_answer_or_an_error_with_a_name(head: bytes, rest: bytes, method: str) -> None:
    try:
        status, body = exchange(head + rest, method)
    except AppError:
        return
    assert 200 <= status <= 999
    assert len(body) <= len(rest)


@settings(deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=50), max_size=5), st.binary(max_size=20))
def test_a_chunked_body_is_put_together_again(pieces: list[bytes], behind: bytes) -> None:
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    sent = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\nTrailer: x\r\n\r\n" + behind
    assert exchange(sent) == (200, b"".join(pieces))


@pytest.mark.parametrize("sent", [b"abc", b""])
def test_a_body_that_ends_early_is_short(sent: bytes) -> None:
    with pytest.raises(ShortBodyError):
        exchange(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + sent)


def test_a_connection_with_unasked_bytes_is_stale() -> None:
    ours, theirs = socket.socketpair()
    connection = Connection(ours, "x", None)
    with theirs:
        assert not connection.is_stale()
        theirs.sendall(b"x")
        assert connection.is_stale()
    connection.close()


def test_the_pool_ends_connections_that_nobody_asks_for() -> None:
    clock = FakeClock()
    pool = Pool(clock, 55.0)
    pairs = [socket.socketpair() for _ in range(4)]
    for number, (ours, _) in enumerate(pairs[:3]):
        pool.put(f"host {number}", Connection(ours, "x", None))
    clock.advance(56)
    pool.put("another", Connection(pairs[3][0], "x", None))
    assert [ours.fileno() == -1 for ours, _ in pairs] == [True, True, True, False]
    assert pool.take("host 0") is None
    assert pool.take("another") is not None
    for ours, theirs in pairs:
        ours.close()
        theirs.close()


def test_the_pool_keeps_no_more_than_a_few_for_each_place() -> None:
    pool = Pool(FakeClock(), 55.0)
    pairs = [socket.socketpair() for _ in range(40)]
    for ours, _ in pairs:
        pool.put("host", Connection(ours, "x", None))
    assert sum(ours.fileno() == -1 for ours, _ in pairs) == 8
    pool.close()
    assert all(ours.fileno() == -1 for ours, _ in pairs)
    for _, theirs in pairs:
        theirs.close()
