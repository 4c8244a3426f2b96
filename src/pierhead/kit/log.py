"""Logging set up once for a program: one line an event, UTC, control characters escaped; as text or as JSON.

A JSON line holds the event, whose request it belongs to, and those extra fields that are on a list: whatever else is
given to a logger, a secret by mistake included, is left out.
"""

import json
import logging
import sys
import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final


@dataclass(slots=True)
class RequestFacts:
    """The request that is being answered; ``principal`` is known once somebody has authenticated."""

    id: str = ""
    principal: str = ""


REQUEST: Final[ContextVar[RequestFacts | None]] = ContextVar("request", default=None)
"""Carried into the threads that answer the request, for these run in a copy of its context."""

FIELDS: Final = ("method", "route", "status", "ms", "task", "kind", "run", "delegate", "code")
"""Names of extra fields that may be logged."""
_LONGEST: Final = 500
_TALKATIVE: Final = (
    "httpx",
    "httpcore",
    "urllib3",
    "requests",
    "botocore",
    "boto3",
    "hvac",
    "opentelemetry",
)
"""Libraries that log addresses with their queries, or whole requests, below WARNING."""


class _OneLine(logging.Formatter):
    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        # Remote text may reach a log line; escape what could forge a second one or drive a terminal.
        text = super().format(record)
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))}.{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
        }
        facts = REQUEST.get()
        if facts is not None:
            line |= {"requestId": facts.id, "principal": facts.principal}
        given = record.__dict__
        line |= {name: _plain(given[name]) for name in FIELDS if name in given}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def set_up(level: str = "INFO", *, is_json: bool = False) -> None:
    handler = logging.StreamHandler(sys.stderr)
    text = _OneLine("%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    handler.setFormatter(JsonLines() if is_json else text)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def _plain(value: object) -> str | int | float | bool | None:
    """Only what is a plain value already: the text of anything else may say more than its name."""
    if value is None or isinstance(value, bool | int | float):
        return value
    return value[:_LONGEST] if isinstance(value, str) else f"<{type(value).__name__}>"
