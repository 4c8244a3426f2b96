"""What can go wrong with a copy as such; what registries do wrong comes from the registry room."""

from pierhead.kit.errors import ConflictError, IntegrityError, InvalidInputError, UnsupportedError
from pierhead.oci.digest import Digest


class SeveralPlatformsError(UnsupportedError):
    code = "several-platforms"

    def __init__(self, name: str, platforms: tuple[str, ...]) -> None:
        super().__init__(
            f"{name} cannot be copied for {', '.join(platforms[:10])} only: an index with some members left out "
            "would have another digest",
            hint="choose what becomes of the index: sparse (it stays as it is, with members missing at the target) or "
            "rewritten (a new index, which names the original)",
        )
        self.platforms = platforms


class NoPlatformsError(InvalidInputError):
    code = "no-platforms"

    def __init__(self, name: str, mode: str) -> None:
        super().__init__(
            f"{name} is to be copied with a {mode} index, and no platforms are named",
            hint="name the platforms, or copy the whole index",
        )


class SparseRefusedError(UnsupportedError):
    """The target takes no index of which it does not have all members."""

    code = "sparse-index-refused"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name}: the registry takes no index with members missing",
            hint="copy it as rewritten: a new index with the wanted platforms only, which names the original",
        )
        self.name = name


class FallbackTagError(ConflictError):
    """The list of referrers that is kept under a tag at the target is not one, or others write it all the time."""

    code = "referrers-tag"

    def __init__(self, name: str, tag: str, reason: str) -> None:
        super().__init__(
            f"{name}: the referrers cannot be listed under {tag} at the target: {reason}",
            hint="look at that tag in the target; copy again when nobody else writes there",
        )
        self.tag = tag


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
