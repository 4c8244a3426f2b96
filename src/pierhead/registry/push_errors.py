"""What can go wrong when something is pushed, beside what goes wrong with any request."""

from pierhead.kit.errors import DeniedError, IntegrityError, UnavailableError
from pierhead.oci.digest import Digest

from .errors import RegistryError
from .exchange import Exchange


class UploadElsewhereError(RegistryError, DeniedError):
    """The registry wants the bytes sent to another origin than its own."""

    code = "upload-elsewhere"

    def __init__(self, subject: str, origin: str, target: str, exchange: Exchange | None = None) -> None:
        super().__init__(
            f"{subject}: {origin} wants the upload to go to {target}, where we send nothing",
            hint="use that address in the connector's URL, or tell the registry its own address",
            exchange=exchange,
        )
        self.target = target


class UploadLostError(RegistryError, UnavailableError):
    """The registry does not know the upload any more, or not as far as we got: begin it anew."""

    code = "upload-lost"
    is_transient = True

    def __init__(self, subject: str, exchange: Exchange | None = None) -> None:
        super().__init__(
            f"{subject}: the registry lost the upload before its end",
            hint="try again; when it happens each time, look for a proxy that spreads requests over several registries",
            exchange=exchange,
        )


class PiecesRefusedError(RegistryError, UnavailableError):
    """The registry does not take a blob piece by piece, or not in pieces of this size."""

    code = "upload-pieces-refused"
    retryable = False

    def __init__(self, subject: str, status: int, exchange: Exchange | None = None) -> None:
        super().__init__(
            f"{subject}: the registry takes no pieces of an upload (status {status})",
            hint="raise the size of bodies that proxies in front of the registry let pass",
            exchange=exchange,
        )
        self.status = status


class TargetIncompleteError(RegistryError, UnavailableError):
    """A manifest was refused because something it names is missing, though it was there a moment ago."""

    code = "target-incomplete"

    def __init__(self, subject: str, exchange: Exchange | None = None) -> None:
        super().__init__(
            f"{subject}: the registry misses a part of the image that it had just now",
            hint="try again; check that no clean-up of the registry runs at the same time",
            exchange=exchange,
        )


class StoredOtherwiseError(RegistryError, IntegrityError):
    """The registry says that what it stored has another digest than what was sent."""

    code = "stored-otherwise"

    def __init__(self, subject: str, expected: Digest, said: str, exchange: Exchange | None = None) -> None:
        super().__init__(
            f"{subject}: the registry stored {said[:80]} instead of {expected}",
            hint="look for a proxy on the way that alters bodies, and try again",
            exchange=exchange,
        )
        self.expected = expected
