"""A name server that changes its mind: for each name a row of answers, one for each time it is asked (rebinding)."""

import ipaddress
import socket
import struct
import threading
from collections.abc import Sequence

_A, _AAAA = 1, 28
_NO_SUCH_NAME = 3


class NameServer:
    """Answers by UDP with a time to live of 0, from construction to ``close``. Thread-safe."""

    def __init__(self, host: str = "127.0.0.1", port: int = 53) -> None:
        self._rows: dict[str, list[list[str]]] = {}
        self._asked: dict[tuple[str, int], int] = {}
        self._lock = threading.Lock()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, port))
        threading.Thread(target=self._serve, name="names", daemon=True).start()

    def say(self, name: str, *answers: Sequence[str]) -> None:
        """The addresses for the first question, the second, and so on; the last holds from then on."""
        with self._lock:
            self._rows[name] = [list(answer) for answer in answers]

    def asked(self, name: str) -> int:
        """How often its IPv4 addresses were asked for."""
        with self._lock:
            return self._asked.get((name, _A), 0)

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                question, asker = self._socket.recvfrom(1500)
                self._socket.sendto(self._answer(question), asker)
            except OSError:
                return

    def _answer(self, question: bytes) -> bytes:
        labels, at = [], 12
        while (length := question[at]) != 0:
            labels.append(question[at + 1 : at + 1 + length].decode("latin-1"))
            at += 1 + length
        kind = struct.unpack("!H", question[at + 1 : at + 3])[0]
        found = self._records(".".join(labels).lower(), kind)
        code = _NO_SUCH_NAME if found is None else 0
        records = [ipaddress.ip_address(address).packed for address in found or ()]
        head = question[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(records), 0, 0)
        body = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 0, len(data)) + data for data in records)
        return head + question[12 : at + 5] + body

    def _records(self, name: str, kind: int) -> list[str] | None:
        with self._lock:
            rows = self._rows.get(name)
            if rows is None:
                return None
            count = self._asked.get((name, kind), 0)
            self._asked[name, kind] = count + 1
            row = rows[min(count, len(rows) - 1)]
        return [address for address in row if (":" in address) == (kind == _AAAA)]
