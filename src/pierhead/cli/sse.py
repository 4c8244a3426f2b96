"""Server-sent events read from the bytes of a stream; pure (HTML Living Standard, section 9.2)."""

from collections.abc import Iterable, Iterator

from pierhead.kit.limits import MIB, BodyTooLargeError

_LINE_CAP_BYTES = 8 * MIB


def events(chunks: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    """(event, data) for each event that has data; comments are dropped. Raises BodyTooLargeError."""
    name, data = "message", list[str]()
    for line in _lines(chunks):
        if not line:
            if data:
                yield name, "\n".join(data)
            name, data = "message", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Lines without their ends; a last one without an end is no line."""
    buffer = b""
    for chunk in chunks:
        *complete, buffer = (buffer + chunk).split(b"\n")
        for line in complete:
            yield line.removesuffix(b"\r").decode("utf-8", "replace")
        if len(buffer) > _LINE_CAP_BYTES:
            raise BodyTooLargeError("a line of the event stream", _LINE_CAP_BYTES)
