"""The highest fencing number seen of each task, so that an order which was recorded on the way works only once."""

import threading
from collections import OrderedDict

_MAX_TASKS = 20_000


class Ledger:
    """Thread-safe; remembers the tasks met last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fences: OrderedDict[str, int] = OrderedDict()

    def last(self, task_id: str) -> int:
        with self._lock:
            return self._fences.get(task_id, 0)

    def note(self, task_id: str, fence: int) -> None:
        with self._lock:
            self._fences[task_id] = max(fence, self._fences.pop(task_id, 0))
            if len(self._fences) > _MAX_TASKS:
                self._fences.popitem(last=False)
