"""What can be wrong with a gate policy, an exception or a statement of a promotion."""

from pierhead.kit.errors import ConflictError, IntegrityError, InvalidInputError, NotFoundError

_SHOWN = 200  # characters of a stranger's text that a message repeats


class InvalidGateError(InvalidInputError):
    """``gate`` is the gate's word (``signature``), or ``policy`` for what concerns all of them."""

    code = "invalid-gate"

    def __init__(self, gate: str, reason: str, *, hint: str = "") -> None:
        super().__init__(f"gate {gate}: {reason[:_SHOWN]}", hint=hint or "correct this setting of the gate policy")
        self.gate = gate
        self.reason = reason


class InvalidGateExceptionError(InvalidInputError):
    """An exception that says too little, or too much."""

    code = "invalid-gate-exception"

    def __init__(self, identifier: str, reason: str, *, hint: str = "") -> None:
        super().__init__(f"gate exception [{identifier[:_SHOWN]}] {reason}", hint=hint or "correct the exception")
        self.identifier = identifier
        self.reason = reason


class StatementError(IntegrityError):
    """A statement of a promotion that proves nothing: broken, of another key, or about another image."""

    code = "statement-not-proved"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"the statement of the promotion proves nothing: {reason}",
            hint="verify it with the public key of the control plane that promoted the image",
        )
        self.reason = reason


class GatePolicyExistsError(ConflictError):
    code = "gate-policy-exists"

    def __init__(self, identifier: str) -> None:
        super().__init__(f"Gate policy with identifier [{identifier}] already exists in this scope")


class GatePolicyMissingError(NotFoundError):
    code = "gate-policy-missing"

    def __init__(self, identifier: str) -> None:
        super().__init__(f"Gate policy with identifier [{identifier[:_SHOWN]}] not found")


class GateExceptionExistsError(ConflictError):
    code = "gate-exception-exists"

    def __init__(self, identifier: str) -> None:
        super().__init__(f"Gate exception with identifier [{identifier}] already exists in this scope")


class GateExceptionMissingError(NotFoundError):
    code = "gate-exception-missing"

    def __init__(self, identifier: str) -> None:
        super().__init__(f"Gate exception with identifier [{identifier[:_SHOWN]}] not found")


class TooManyGateEntitiesError(InvalidInputError):
    code = "too-many-gate-entities"

    def __init__(self, what: str, cap: int) -> None:
        super().__init__(f"there are {cap} {what} in this scope already", hint="delete some that nobody uses")
