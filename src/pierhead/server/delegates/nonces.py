"""Which requests were seen in this process, for as long as they could be sent again and still be believed."""

import hashlib
import threading
from collections import Counter

WINDOW_S = 60.0
"""How far a signature's time may lie from the server's, either way."""
_PER_KEY = 20_000
_ALL = 1_000_000
_SLOT_S = 30.0


class NonceMemory:
    """Thread-safe. Call it only for requests whose signature is good, or strangers could fill it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slots: dict[int, set[bytes]] = {}
        self._counts: dict[int, Counter[str]] = {}

    def use(self, key_id: str, nonce: str, created: int, now: float) -> bool | None:
        """False when it was used before, None when there is no room to remember it."""
        mark = hashlib.blake2b(f"{key_id} {nonce}".encode(), digest_size=16).digest()
        slot = int(created // _SLOT_S)  # the same request is always looked for in the same place
        with self._lock:
            self._forget(now)
            seen = self._slots.setdefault(slot, set())
            if mark in seen:
                return False
            counts = self._counts.setdefault(slot, Counter())
            if counts[key_id] >= _PER_KEY or sum(map(len, self._slots.values())) >= _ALL:
                return None
            counts[key_id] += 1
            seen.add(mark)
            return True

    def __len__(self) -> int:
        return sum(map(len, self._slots.values()))

    def _forget(self, now: float) -> None:
        """A request of that time would be refused for its age by now."""
        for slot in [slot for slot in self._slots if (slot + 1) * _SLOT_S + WINDOW_S < now]:
            del self._slots[slot]
            self._counts.pop(slot, None)
