"""How the server listens."""

import socket
from pathlib import Path

from pierhead.server.main import _bind
from pierhead.server.settings import Settings


def test_an_answer_is_not_held_back_until_its_head_is_acknowledged() -> None:
    with _bind(Settings(data=Path("unused"), port=0)) as listener:
        assert listener.proto == socket.IPPROTO_TCP, "asyncio sets TCP_NODELAY only then"
