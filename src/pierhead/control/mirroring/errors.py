"""What can be wrong with a mirror and its runs."""

from pierhead.kit.errors import ConflictError, InvalidInputError, NotFoundError


class MirrorMissingError(NotFoundError):
    code = "mirror-missing"

    def __init__(self, identifier: str) -> None:
        super().__init__(f"Mirror with identifier [{identifier}] not found", hint="pierhead mirror list shows them")


class MirrorExistsError(ConflictError):
    code = "mirror-exists"

    def __init__(self, identifier: str) -> None:
        super().__init__(f"Mirror with identifier [{identifier}] already exists in this scope")


class InvalidMirrorError(InvalidInputError):
    """``field`` is where it stands, as the API calls it."""

    code = "invalid-mirror"

    def __init__(self, field: str, why: str, hint: str = "") -> None:
        super().__init__(f"{field}: {why}", hint=hint)
        self.field = field


class MirrorIsRunningError(ConflictError):
    code = "mirror-is-running"

    def __init__(self, identifier: str, run_id: str) -> None:
        super().__init__(
            f"mirror [{identifier}] is running already, as {run_id}",
            hint=f"wait for it, or end it with: pierhead mirror cancel {run_id}",
        )


class NotInQuarantineError(NotFoundError):
    code = "not-in-quarantine"

    def __init__(self, image: str, mirror: str) -> None:
        super().__init__(
            f"the last run of mirror [{mirror}] left no {image} in quarantine",
            hint=f"pierhead mirror runs {mirror} shows its runs, and `pierhead mirror status RUN` what waits",
        )


class MirrorRunMissingError(NotFoundError):
    code = "mirror-run-missing"

    def __init__(self, run_id: str) -> None:
        super().__init__(f"there is no run {run_id!r} of a mirror", hint="pierhead mirror runs MIRROR shows them")
