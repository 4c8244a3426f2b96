"""From an order to a task that may be done: signature first, then who it is for, then the seal, then the shape. Pure.

Nothing of an order is looked at before the pinned key has proved it. No error repeats what stood in it: a task
carries secrets.
"""

from dataclasses import dataclass
from functools import cache

from pydantic import TypeAdapter, ValidationError

from pierhead.kit.errors import AppError
from pierhead.kit.limits import parse_json
from pierhead.protocol.agent import Order, OrderHead
from pierhead.protocol.sealing import SealingKey
from pierhead.protocol.signatures import order_bytes, signature_from_text, verify
from pierhead.protocol.tasks import Task

from .errors import OrderForgedError, OrderRefusedError

_MAX_HEAD_CHARS = 64 * 1024
_MAX_LEASE_S = 3600.0


@dataclass(frozen=True, slots=True)
class OrderReader:
    """``server_key`` is the pinned one, ``delegate_id`` our own."""

    server_key: bytes
    delegate_id: str
    sealing_key: SealingKey

    def read_head(self, order: Order, task_id: str, last_fence: int = 0) -> OrderHead:
        """Raises OrderForgedError unless the server signed it, for us, for the task asked for, and newly."""
        signature = signature_from_text(order.signature)
        if len(order.head) > _MAX_HEAD_CHARS or not verify(
            self.server_key, order_bytes(order.head, order.sealed), signature
        ):
            raise OrderForgedError(task_id, "the server's signature is not on it")
        head = _head(order.head, task_id)
        if head.delegate != self.delegate_id:
            raise OrderForgedError(task_id, "it is for another delegate")
        if head.task != task_id:
            raise OrderForgedError(task_id, "it is for another task")
        if head.fence <= last_fence:
            raise OrderForgedError(task_id, "it was given before")
        if not 0 < head.lease_s <= _MAX_LEASE_S:
            raise OrderForgedError(task_id, "its lease makes no sense")
        return head

    def read_task(self, order: Order, head: OrderHead) -> Task:
        """Raises OrderRefusedError, SealBrokenError; ``head`` is from ``read_head`` of the same order."""
        plain = self.sealing_key.open(order.sealed, order.head.encode())
        try:
            parse_json(plain)  # duplicate keys, depth and size, which pydantic does not mind
            task = _tasks().validate_json(plain, strict=True)
        except ValidationError as error:
            raise OrderRefusedError(head.task, _where(error)) from None
        except AppError:
            raise OrderRefusedError(head.task, "it is not the JSON we accept") from None
        if task.kind != head.kind:
            raise OrderRefusedError(head.task, "its head names another kind of task")
        return task


@cache
def _tasks() -> TypeAdapter[Task]:
    """Built with the first order: an idle delegate does without."""
    return TypeAdapter(Task)


def _head(text: str, task_id: str) -> OrderHead:
    try:
        parse_json(text.encode("utf-8", "surrogatepass"))
        return OrderHead.model_validate_json(text, strict=True)
    except (ValidationError, AppError, UnicodeError):
        raise OrderForgedError(task_id, "its head cannot be read") from None


def _where(error: ValidationError) -> str:
    """Which field is wrong, and how; never its value."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])[:200] or "the whole"
    return f"{place}: {first['type']}"
