"""A task as JSON with its secrets in the clear, which is how it travels: inside a seal, and nowhere else."""

import json

from pydantic import SecretStr

from pierhead.protocol.tasks import Task


def in_the_clear(task: Task) -> bytes:
    return json.dumps(task.model_dump(by_alias=True, exclude_none=True), default=_plain).encode()


def _plain(value: object) -> object:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    raise TypeError(f"no JSON for {type(value).__name__}")
