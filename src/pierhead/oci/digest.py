"""Digests, and the check of bytes against them while they arrive (image-spec, descriptor.md, "Digests").

Only sha256 and sha512 exist here: an algorithm we cannot compute is refused, never skipped.
"""

import hashlib
import re
from dataclasses import dataclass

from .errors import DigestMismatchError, InvalidDigestError, SizeMismatchError

_ENCODED = {"sha256": re.compile(r"[0-9a-f]{64}"), "sha512": re.compile(r"[0-9a-f]{128}")}
ALGORITHMS = frozenset(_ENCODED)


@dataclass(frozen=True, slots=True)
class Digest:
    """The name of some bytes. ``encoded`` is lower-case hexadecimal, so it is safe as a file name."""

    algorithm: str
    encoded: str

    def __post_init__(self) -> None:
        form = _ENCODED.get(self.algorithm)
        if form is None:
            raise InvalidDigestError(str(self), "has an algorithm other than sha256 and sha512")
        if not form.fullmatch(self.encoded):
            raise InvalidDigestError(str(self), f"is not made of hexadecimal digits as {self.algorithm} needs them")

    @classmethod
    def parse(cls, text: str) -> "Digest":
        """Raises InvalidDigestError."""
        algorithm, colon, encoded = text.partition(":")
        if not colon:
            raise InvalidDigestError(text, "has no algorithm before a colon")
        return cls(algorithm, encoded)

    @classmethod
    def of(cls, data: bytes | bytearray | memoryview, algorithm: str = "sha256") -> "Digest":
        """Raises InvalidDigestError for an algorithm other than sha256 and sha512."""
        if algorithm not in ALGORITHMS:
            raise InvalidDigestError(f"{algorithm}:", "has an algorithm other than sha256 and sha512")
        return cls(algorithm, hashlib.new(algorithm, data).hexdigest())

    def verifier(self) -> "Verifier":
        return Verifier(self)

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.encoded}"


class Verifier:
    """Hashes and counts bytes as they come. Not for several threads at once; large buffers release the GIL."""

    __slots__ = ("_hash", "expected", "size")

    def __init__(self, expected: Digest) -> None:
        self.expected = expected
        self.size = 0
        self._hash = hashlib.new(expected.algorithm)

    def update(self, data: bytes | bytearray | memoryview) -> None:
        self._hash.update(data)
        self.size += data.nbytes if isinstance(data, memoryview) else len(data)

    def matches(self) -> bool:
        return self._hash.hexdigest() == self.expected.encoded

    def check(self, what: str, expected_size: int | None = None) -> None:
        """Raises SizeMismatchError or DigestMismatchError; ``what`` names the bytes in the message."""
        if expected_size is not None and self.size != expected_size:
            raise SizeMismatchError(what, expected_size, self.size)
        if not self.matches():
            actual = Digest(self.expected.algorithm, self._hash.hexdigest())
            raise DigestMismatchError(what, self.expected, actual)
