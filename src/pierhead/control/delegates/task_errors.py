"""Why a task finds no delegate, in the reference's words (harness-api §4.5), and how that is written beside it."""

from collections.abc import Mapping, Sequence

from pierhead.kit.errors import AppError, DeniedError, UnavailableError, category_of

_SHOWN = 5
_MAX_CHARS = 1500

Reason = tuple[str, str]
"""A delegate's label, and why it does not do the task."""


class NoEligibleDelegatesError(UnavailableError):
    """Nobody fits by owner, kind of task, selectors and secrets. ``remedy``: what would help, where that is known."""

    code = "no-eligible-delegates"
    retryable = False

    def __init__(self, reasons: Sequence[Reason], total: int | None = None, remedy: str = "") -> None:
        listed = _listed(reasons, len(reasons) if total is None else total)
        super().__init__(
            "There are no eligible delegates available in the account to execute the task.",
            hint="; ".join(filter(None, (listed, remedy)))
            or "no delegate is enrolled: start one with a delegate token of this account",
        )


class NoActiveDelegatesError(UnavailableError):
    """``inactive`` are those that would fit."""

    code = "no-active-delegates"

    def __init__(self, inactive: Sequence[Reason]) -> None:
        names = ", ".join(label for label, _ in inactive[:20])
        super().__init__(
            f"There are no active delegates available for the account. The following delegates [{names}] are inactive.",
            hint=_listed(inactive, len(inactive)),
        )


class TaskNotAssignedError(UnavailableError):
    """``reasons`` are those of all that would fit."""

    code = "task-not-assigned"

    def __init__(self, rounds: int, reasons: Sequence[Reason]) -> None:
        super().__init__(
            "Active eligible delegates were unable to acquire the delegate task. "
            "Delegates may have lost connectivity or lacked the resources to run new tasks.",
            hint=f"asked in {rounds} {'round' if rounds == 1 else 'rounds'}: {_listed(reasons, len(reasons))}",
        )


class RegistryOutOfReachError(UnavailableError):
    """``reasons`` say of each delegate that fits why it cannot reach the registries."""

    code = "registry-out-of-reach"

    def __init__(self, origins: Sequence[str], reasons: Sequence[Reason]) -> None:
        super().__init__(
            f"no delegate that may do the task reaches {' and '.join(origins) or 'its registry'}: "
            f"{_listed(reasons, len(reasons))}",
            hint="test the connector, or choose by selectors a delegate that reaches it",
        )


class SecretNotShownError(DeniedError):
    """``reason`` says whose the delegate is and whose the secret; asked where secrets are read for an order."""

    code = "secret-not-shown"

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"the delegate {reason}", hint=remedy)


class RouteUnreadableError(UnavailableError):
    """Written by another release that shares the store."""

    code = "task-route-unreadable"
    retryable = False

    def __init__(self) -> None:
        super().__init__("where the task may go cannot be read", hint="start it again once all servers are updated")


def document_of(error: AppError) -> Mapping[str, object]:
    """In the shape of any other failure of a task."""
    return {
        "code": error.code,
        "category": category_of(error).code,
        "message": error.message,
        "hint": error.hint,
        "retryable": error.retryable,
    }


def _listed(reasons: Sequence[Reason], total: int) -> str:
    text = "; ".join(f"{label}: {reason}" for label, reason in reasons[:_SHOWN])[:_MAX_CHARS]
    rest = total - min(len(reasons), _SHOWN)
    return f"{text}; and {rest} more" if rest > 0 else text
