"""What can go wrong in the worker itself: in its layout on disk, with its deadlines, with a policy.

Errors of registries come from the registry room and pass through unchanged.
"""

from pathlib import Path

from pierhead.kit.errors import (
    ConflictError,
    IntegrityError,
    InvalidInputError,
    NotFoundError,
    UnavailableError,
    UnsupportedError,
)


class BrokenLayoutError(IntegrityError):
    code = "broken-layout"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"the image layout file {path} is not usable: {reason}",
            hint="give another output directory, or remove the broken one and pull again",
        )
        self.path = path
        self.reason = reason


class NotALayoutError(InvalidInputError):
    code = "not-a-layout"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} is not an OCI image layout: {reason}", hint="give an empty directory or an OCI image layout"
        )
        self.path = path


class LayoutVersionError(UnsupportedError):
    code = "layout-version"

    def __init__(self, path: Path, version: str) -> None:
        super().__init__(
            f"the image layout {path} has version {version!r}; only 1.0.0 is supported",
            hint="give another output directory",
        )


class LayoutBusyError(UnavailableError):
    code = "layout-busy"

    def __init__(self, path: Path, waited_s: float) -> None:
        super().__init__(
            f"another process kept {path} locked for {waited_s:.0f} s",
            hint="find the process that works on this directory and let it finish",
        )


class LayoutIoError(UnavailableError):
    code = "layout-io-failed"

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(
            f"{path} cannot be read or written: {error.strerror or error}",
            hint="free space on that file system, or check the rights on the output directory",
        )
        self.errno = error.errno


class ImageNotInLayoutError(NotFoundError):
    code = "image-not-in-layout"

    def __init__(self, name: str, root: Path) -> None:
        super().__init__(f"the image layout {root} holds no complete image {name}", hint=f"pull {name} first")
        self.name = name


class ImageNotPresentError(NotFoundError):
    """The pull policy Never met an image that is not there."""

    code = "image-not-present"

    def __init__(self, name: str, platform: str) -> None:
        super().__init__(
            f"{name} ({platform}) is not held locally and its pull policy is Never",
            hint="use the pull policy IfNotPresent or Always, or pull the image beforehand",
        )
        self.name = name


class PullTimeoutError(UnavailableError):
    code = "pull-timeout"

    def __init__(self, name: str, timeout_s: float, done_bytes: int, total_bytes: int) -> None:
        progress = f"{done_bytes:,} of {total_bytes:,} bytes were there" if total_bytes else "it was not yet resolved"
        super().__init__(
            f"{name} was not pulled within {timeout_s:g} s; {progress}",
            hint="raise the time limit, or pull again: what has arrived is kept and the rest is resumed",
        )
        self.name = name
        self.timeout_s = timeout_s


class PullCancelledError(ConflictError):
    code = "pull-cancelled"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the pull of {name} was cancelled", hint="pull again: what has arrived is kept and the rest is resumed"
        )
        self.name = name


class IndexTooDeepError(UnsupportedError):
    code = "index-too-deep"

    def __init__(self, name: str, levels: int) -> None:
        super().__init__(
            f"{name} is an index of indexes nested deeper than {levels} levels",
            hint="refer to the digest of the image for your platform instead",
        )


class TooManyTagsError(UnsupportedError):
    """``what``: listed or chosen."""

    code = "too-many-tags"

    def __init__(self, repository: str, what: str, most: int) -> None:
        super().__init__(
            f"{repository} was left out: with it more than {most} tags would be {what} at once",
            hint="choose fewer tags, with a range or newest, or make several mirrors",
        )


class UnexpectedFailureError(IntegrityError):
    """A fault of ours, not of the registry's: reported for its image, so that the others still finish."""

    code = "unexpected-failure"

    def __init__(self, name: str, error: BaseException) -> None:
        super().__init__(
            f"{name}: unexpected {type(error).__name__} in Pierhead itself",
            hint="report this as a defect, with the log of the worker",
        )
