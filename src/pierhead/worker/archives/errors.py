"""What can be wrong with an archive of images, or with the file that it is to be in."""

from pathlib import Path

from pierhead.kit.errors import ConflictError, IntegrityError, InvalidInputError, UnavailableError
from pierhead.oci.errors import shown


class BrokenArchiveError(IntegrityError):
    """``reason`` says what of it is refused, or missing."""

    code = "broken-archive"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} is no archive of images: {reason}",
            hint="make it with `pierhead image save`, or as an OCI archive with another tool; do not use this one",
        )
        self.path = path
        self.reason = reason


class ArchiveIoError(UnavailableError):
    code = "archive-io"

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(
            f"{path} cannot be read or written: {error.strerror or error}",
            hint="check the path, the rights to it and the room on the disk",
        )
        self.path = path


class NamelessImageError(InvalidInputError):
    code = "nameless-image"

    def __init__(self, path: Path, name: str) -> None:
        super().__init__(
            f"an image in {path} is named {shown(name)}, which says no repository",
            hint="save it with its whole name: host/repository:tag",
        )
        self.path = path


class TwoImagesOneNameError(ConflictError):
    code = "two-images-one-name"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} stands twice among the images", hint="name each image once")
        self.name = name
