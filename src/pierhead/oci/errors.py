"""What can be wrong with the nouns of image-spec and distribution-spec.

Text is shown escaped and shortened, for it came from a stranger and will end in a log or on a terminal.
"""

from typing import TYPE_CHECKING

from pierhead.kit.errors import (
    IntegrityError,
    InvalidInputError,
    NotFoundError,
    TooLargeError,
    UnsupportedError,
)

if TYPE_CHECKING:
    from .digest import Digest

_SHOWN_CHARACTERS = 200


def shown(text: str) -> str:
    """``text`` quoted for a message: ASCII, so that control characters and look-alikes show themselves."""
    return ascii(text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "...")


class InvalidDigestError(InvalidInputError):
    code = "invalid-digest"

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(
            f"digest {shown(text)} {reason}",
            hint="a digest is sha256: and 64 hexadecimal digits, or sha512: and 128, in lower case",
        )
        self.text = text
        self.reason = reason


class InvalidImageReferenceError(InvalidInputError):
    code = "invalid-image-reference"

    def __init__(self, text: str, reason: str, *, hint: str = "") -> None:
        super().__init__(
            f"image reference {shown(text)} {reason}",
            hint=hint or "write it as [host[:port]/]repository[:tag][@digest]",
        )
        self.text = text
        self.reason = reason


class InvalidPlatformError(InvalidInputError):
    code = "invalid-platform"

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(
            f"platform {shown(text)} {reason}",
            hint="write it as os/architecture[/variant], for example linux/arm64",
        )
        self.text = text
        self.reason = reason


class DigestMismatchError(IntegrityError):
    code = "digest-mismatch"

    def __init__(self, what: str, expected: "Digest", actual: "Digest") -> None:
        super().__init__(
            f"{what} has the digest {actual}, not {expected}",
            hint="the bytes were changed on their way or in the registry: do not use them",
        )
        self.what = what
        self.expected = expected
        self.actual = actual


class SizeMismatchError(IntegrityError):
    code = "size-mismatch"

    def __init__(self, what: str, expected_bytes: int, actual_bytes: int) -> None:
        super().__init__(
            f"{what} has {actual_bytes:,} bytes, not {expected_bytes:,}",
            hint="the bytes were cut or changed on their way or in the registry: do not use them",
        )
        self.what = what
        self.expected_bytes = expected_bytes
        self.actual_bytes = actual_bytes


class InvalidDocumentError(IntegrityError):
    """Bytes that claim to be a manifest, an index or a config, and are none. ``where`` is a path in the document."""

    code = "invalid-document"

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(
            f"not a valid image document: {where} {reason}",
            hint="ask whoever pushed the image to build and push it again",
        )
        self.where = where
        self.reason = reason


class ConfusedDocumentError(IntegrityError):
    """A document that one reader may take for a manifest and another for an index (CVE-2021-41190)."""

    code = "confused-document"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"the document can be read in two ways: {reason}",
            hint="ask whoever pushed the image to build and push it again, and do not use this one",
        )
        self.reason = reason


class UnsupportedDocumentError(UnsupportedError):
    code = "unsupported-document"

    def __init__(self, media_type: str, *, hint: str = "") -> None:
        super().__init__(
            f"documents of the type {shown(media_type)} are not supported",
            hint=hint or "use an OCI or a Docker v2 image",
        )
        self.media_type = media_type


class TooManyEntriesError(TooLargeError):
    code = "too-many-entries"

    def __init__(self, where: str, count: int, cap: int) -> None:
        super().__init__(
            f"{where} has {count:,} entries, more than the {cap:,} accepted",
            hint="build the image with fewer of them",
        )
        self.where = where
        self.count = count
        self.cap = cap


class PlatformNotFoundError(NotFoundError):
    """``available`` is what there is, in the order of the index, without attestations."""

    code = "platform-not-found"

    def __init__(self, wanted: str, available: tuple[str, ...]) -> None:
        listed = ", ".join(available[:20]) + (", ..." if len(available) > 20 else "")
        super().__init__(
            f"the image is not there for {wanted}; it is there for {listed or 'no platform at all'}",
            hint="ask for one of the platforms it is there for" if available else "choose another tag",
        )
        self.wanted = wanted
        self.available = available
