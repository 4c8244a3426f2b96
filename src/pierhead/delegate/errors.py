"""What ends a delegate, or makes it wait. What goes wrong with an image is part of a task's result and not here."""

from pathlib import Path

from pierhead.kit.errors import (
    AppError,
    ConflictError,
    DeniedError,
    IntegrityError,
    InvalidInputError,
    RateLimitedError,
    UnauthenticatedError,
    UnavailableError,
)
from pierhead.registry.errors import RegistryError


class DelegateSettingError(InvalidInputError):
    code = "delegate-setting"

    def __init__(self, name: str, value: str, expected: str) -> None:
        super().__init__(f"{name} {value!r} is not {expected}", hint=f"give {name} {expected}")


class PlainHttpError(InvalidInputError):
    code = "plain-http"

    def __init__(self, url: str) -> None:
        super().__init__(
            f"{url} is plain http: anybody on the way could read and change what is said there",
            hint="use the server's https:// URL, or --insecure-http if the way is protected by other means",
        )


# --- the state directory


class StateInUseError(ConflictError):
    code = "delegate-state-in-use"

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"state directory {path} is in use by another delegate",
            hint="stop that delegate, or give this one a directory of its own with --state",
        )


class StateUnusableError(InvalidInputError):
    code = "delegate-state-unusable"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"state directory {path} cannot be used: {reason}", hint="choose another one with --state")


class StateDamagedError(IntegrityError):
    code = "delegate-state-damaged"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} {reason}", hint="remove the state directory and start with a token: it becomes a new delegate"
        )


# --- who we are, who the server is


class TokenNeededError(UnauthenticatedError):
    code = "delegate-token-needed"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"a delegate token is needed: {why}",
            hint="make one with `pierhead delegate token create NAME`, and give it with --token-file",
        )


class WrongServerError(IntegrityError):
    """It may be another server, one restored without its key, or somebody in between. Never tried again."""

    code = "wrong-server"

    def __init__(self, place: str, what: str) -> None:
        super().__init__(
            f"{place} is not the server that this delegate trusts: {what}",
            hint="check the URL; if the server was set up anew, remove the state directory and start with a new token",
        )


class DelegateRevokedError(DeniedError):
    code = "delegate-revoked"

    def __init__(self, message: str) -> None:
        super().__init__(
            f"the server does not want this delegate any more: {message}",
            hint="if it should serve again, start it with a new token",
        )


class DelegateUnknownError(UnauthenticatedError):
    """The server has forgotten us; enrolling again mends it."""

    code = "delegate-unknown"

    def __init__(self, message: str) -> None:
        super().__init__(
            f"the server does not know this delegate: {message}", hint="start it with a token, so that it can enrol"
        )


class SessionSupersededError(ConflictError):
    code = "session-superseded"

    def __init__(self) -> None:
        super().__init__(
            "another process took over this delegate's identity",
            hint="give each delegate a state directory of its own; never copy one to another machine",
        )


# --- single exchanges


class ServerUnreachableError(UnavailableError):
    code = "server-unreachable"

    def __init__(self, place: str, reason: str, hint: str = "") -> None:
        super().__init__(f"no answer from {place}: {reason}", hint=hint or "check the URL, the network and the proxy")


class InterruptedPollError(AppError):
    """Not a failure: the delegate itself has something new to say."""

    code = "interrupted"

    def __init__(self) -> None:
        super().__init__("interrupted")


class ServerBusyError(RateLimitedError):
    """``retry_after_s`` is the server's own wish, None without one."""

    code = "server-busy"

    def __init__(self, place: str, status: int, retry_after_s: float | None) -> None:
        super().__init__(f"{place} has no time now (HTTP {status})", retry_after_s=retry_after_s)
        self.status = status


class LeaseLostError(ConflictError):
    code = "stale-lease"

    def __init__(self, task_id: str) -> None:
        super().__init__(f"task {task_id} is no longer this delegate's")


class RefusedError(DeniedError):
    """Any other refusal. ``refusal`` is the server's code."""

    code = "refused-by-server"

    def __init__(self, status: int, refusal: str, message: str, hint: str = "") -> None:
        super().__init__(f"the server refused (HTTP {status}, {refusal}): {message}", hint=hint)
        self.status = status
        self.refusal = refusal


class OrderRefusedError(InvalidInputError):
    """The order is the server's, but not one that this delegate carries out."""

    code = "order-refused"

    def __init__(self, task_id: str, reason: str) -> None:
        super().__init__(
            f"the delegate refuses task {task_id}: {reason}", hint="use server and delegate of the same release"
        )


class OrderForgedError(IntegrityError):
    """The order is not what the server signed, or is another than was asked for. Nothing in it is to be believed."""

    code = "order-forged"

    def __init__(self, task_id: str, reason: str) -> None:
        super().__init__(f"what came as the order for task {task_id} is not one: {reason}")


class RegistryNotAllowedError(RegistryError, DeniedError):
    """Raised before anything is sent there. ``place`` is "host:port", as --allow-registry takes it."""

    code = "registry-not-allowed"

    def __init__(self, place: str) -> None:
        super().__init__(
            f"{place} is not on this delegate's own list of where it goes",
            hint=f"start the delegate with --allow-registry {place} as well, or take another delegate; the hosts that "
            "a registry points to, for tokens and for storage, and proxies are listed one by one",
        )
        self.place = place
