"""What the delegate says while it runs: one line an event, colours only on a terminal, or JSON. Never a secret."""

import json
import logging
import sys
import time

_COLOURS = {logging.WARNING: "\x1b[33m", logging.ERROR: "\x1b[31m", logging.CRITICAL: "\x1b[31m"}
_PLAIN = "\x1b[0m"
_LONGEST = 1000


def set_up(level: str, *, is_json: bool, has_colour: bool) -> None:
    """``has_colour``: as far as standard error is a terminal."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines() if is_json else _Lines(has_colour and sys.stderr.isatty()))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)


class _Cut(logging.Formatter):
    """Remote text may reach a line, and be as long as it likes; a traceback is ours and stays whole."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's word
        return record.message if len(record.message) <= _LONGEST else f"{record.message[:_LONGEST]}..."


class _Lines(_Cut):
    def __init__(self, has_colour: bool) -> None:
        super().__init__()
        self._has_colour = has_colour

    def format(self, record: logging.LogRecord) -> str:
        # Remote text may reach a line; escape what could forge a second one or drive a terminal.
        text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in super().format(record))
        line = f"{_moment(record)} {record.levelname.lower():7} {text}"
        colour = _COLOURS.get(record.levelno, "") if self._has_colour else ""
        return f"{colour}{line}{_PLAIN}" if colour else line


class _JsonLines(_Cut):
    def format(self, record: logging.LogRecord) -> str:
        shown = {"time": _moment(record), "level": record.levelname.lower(), "message": super().format(record)}
        return json.dumps(shown)


def _moment(record: logging.LogRecord) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z"
