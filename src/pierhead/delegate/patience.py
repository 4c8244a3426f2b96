"""How long to wait before asking the server again; spread out, so that many delegates do not ask at once. Pure."""

import random
from dataclasses import dataclass, field

from .errors import ServerBusyError

FLOOR_S = 0.5
CAP_S = 30.0
_BASE_S = 2.0
_LONGEST_WISH_S = 300.0


@dataclass(slots=True)
class Patience:
    """Full jitter between 0.5 and 30 seconds, growing with each failure in a row. Not for several threads."""

    rng: random.Random = field(default_factory=random.Random)
    failures: int = 0

    def pause_s(self, error: Exception | None = None) -> float:
        """For one more failure. What the server wishes is never cut short, only made longer by up to half."""
        wish = error.retry_after_s if isinstance(error, ServerBusyError) else None
        window_s = min(CAP_S, _BASE_S * 2 ** min(self.failures, 10))
        self.failures += 1
        if wish is None:
            return self.rng.uniform(FLOOR_S, window_s)
        wish = min(max(wish, 0.0), _LONGEST_WISH_S)
        return wish + self.rng.uniform(0.0, max(1.0, wish / 2))

    def reset(self) -> None:
        self.failures = 0
