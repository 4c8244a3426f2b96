"""What can go wrong with a copy as such; what registries do wrong comes from the registry room."""

from pierhead.kit.errors import ConflictError, IntegrityError, InvalidInputError, UnsupportedError
from pierhead.oci.digest import Digest


class SeveralPlatformsError(UnsupportedError):
    code = "several-platforms"

    def __init__(self, name: str, platforms: tuple[str, ...]) -> None:
        super().__init__(
            f"{name} cannot be copied for {', '.join(platforms[:10])} only: an index with some members left out "
            "would have another digest",
            hint="name no platform to copy the whole index, or exactly one to copy its manifest",
        )
        self.platforms = platforms


class CopyCancelledError(ConflictError):
    code = "copy-cancelled"

    def __init__(self, name: str) -> None:
        super().__init__(f"the copy of {name} was cancelled", hint="copy again: what has arrived at the target is kept")
        self.name = name


class TargetDigestError(InvalidInputError):
    """The target is named by a digest that is not the one to be copied."""

    code = "target-digest"

    def __init__(self, name: str, wanted: Digest, found: Digest) -> None:
        super().__init__(
            f"{name} names {wanted}, but what is to be copied there is {found}", hint="give the target a tag only"
        )


class NotConfirmedError(IntegrityError):
    """An upload begun by an earlier attempt was committed, and the registry does not have the blob all the same."""

    code = "upload-not-confirmed"

    def __init__(self, name: str, digest: Digest) -> None:
        super().__init__(
            f"{name}: the target accepted blob {digest} and does not have it", hint="copy again; check the target"
        )
