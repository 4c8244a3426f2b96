"""Numbers, digests, times and foreign texts in the short forms people read; pure."""

_UNITS = ("B", "kB", "MB", "GB", "TB")


def clean(text: object) -> str:
    """``text`` in one line, with everything that could drive a terminal written out (``\\x1b``)."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))


def size(count: int | None) -> str:
    """Bytes in decimal units with three digits at most: ``999 B``, ``1.2 MB``, ``185 MB``."""
    if count is None:
        return "?"
    value = float(count)
    for unit in _UNITS:
        if value < 999.5 or unit == _UNITS[-1]:
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "B" or value >= 9.95 else f"{value:.1f} {unit}"


def part_of(done: int | None, total: int | None) -> str:
    """``fetched/total``: ``0 B / 12 MB``."""
    return f"{size(done or 0)} / {size(total)}"


def duration(seconds: float | None) -> str:
    """``0.84 s``, ``12.3 s``, ``3 min 05 s``; empty for None."""
    if seconds is None:
        return ""
    if seconds < 9.995:
        return f"{seconds:.2f} s"
    if seconds < 119.5:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def rate(count: int, seconds: float | None) -> str:
    """``12 MB/s``; empty when nothing was measured."""
    return f"{size(round(count / seconds))}/s" if seconds and count else ""


def short_digest(digest: str | None) -> str:
    """``sha256:0123456789ab``."""
    algorithm, _, encoded = (digest or "").partition(":")
    return f"{algorithm}:{encoded[:12]}" if encoded else ""


def moment(epoch_ms: object) -> str:
    """``2025-01-31 12:00:00Z`` for milliseconds since the epoch; empty for anything else."""
    if not isinstance(epoch_ms, int | float) or not 0 < epoch_ms < 1e14:
        return ""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(epoch_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def split_reference(reference: str) -> tuple[str, str]:
    """(where from, what) of a full name: ``registry.example:5000`` and ``harness/ci-addon:1.14.4``."""
    host, slash, rest = reference.partition("/")
    if slash and ("." in host or ":" in host or host == "localhost"):
        return host, rest
    return "docker.io", reference
