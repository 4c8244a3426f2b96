"""The durable task queue: work that is written down, leased with a fencing number, and never lost or done twice."""

from . import model as rules
from .bell import Bell, Bells
from .errors import CheckpointTooLargeError, StaleLeaseError, TaskExistsError, TaskNotFoundError
from .model import FINAL_STATES, FREE_RELEASES, OPEN_STATES, Lease, TaskRow, TaskState
from .ports import TaskRows, TaskStore, TaskTransaction
from .service import Busy, TaskQueue

__all__ = [
    "FINAL_STATES",
    "FREE_RELEASES",
    "OPEN_STATES",
    "Bell",
    "Bells",
    "Busy",
    "CheckpointTooLargeError",
    "Lease",
    "StaleLeaseError",
    "TaskExistsError",
    "TaskNotFoundError",
    "TaskQueue",
    "TaskRow",
    "TaskRows",
    "TaskState",
    "TaskStore",
    "TaskTransaction",
    "rules",
]
