"""How long to wait before trying again; what is worth trying again is the caller's knowledge."""

import random
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """``tries`` attempts in all, with full jitter between them: uniform in [0, min(cap, base * 2**n)] seconds."""

    tries: int = 5
    base_s: float = 0.25
    cap_s: float = 8.0

    def pauses(self, rng: random.Random | None = None) -> Iterator[float]:
        """The pauses between attempts: one fewer than ``tries``."""
        source = rng or random
        for attempt in range(self.tries - 1):
            yield source.uniform(0.0, min(self.cap_s, self.base_s * 2**attempt))
