"""How far a blob is; written by the thread that copies it, read by the one that reports."""

from dataclasses import dataclass


@dataclass(slots=True)
class CopyMeter:
    """Bytes. Each write is one store, so there is no lock. ``done`` is what the target has."""

    done: int = 0
    fetched: int = 0
