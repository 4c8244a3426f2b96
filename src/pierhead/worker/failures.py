"""Errors as reports carry them: plain values, and a remedy that names what to change. One table for all of them.

The category is the word for the error's family in ``kit.errors``; exit codes and HTTP statuses follow from it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from pierhead.kit.errors import AppError, category_of
from pierhead.oci.errors import DigestMismatchError, PlatformNotFoundError, SizeMismatchError
from pierhead.registry.errors import (
    BlobUnknownError,
    ConnectRefusedError,
    ForeignRealmError,
    ManifestUnknownError,
    NameNotResolvedError,
    NameServerError,
    RegistryDeniedError,
    RegistryRateLimitedError,
    RegistryTimeoutError,
    RegistryUnauthenticatedError,
    RegistryUnavailableError,
    RepositoryUnknownError,
    TlsError,
)
from pierhead.registry.exchange import Exchange

from .errors import PullTimeoutError


@dataclass(frozen=True, slots=True)
class Subject:
    """What was being done, in the user's words. ``what``: an image name, or a registry where no image is meant.

    ``right``: what the connector's user must be allowed to do there.
    """

    what: str
    host: str
    connector: str = ""
    right: str = "pull"

    @property
    def who(self) -> str:
        return f"connector {self.connector}" if self.connector else f"connector for {self.host}"


@dataclass(frozen=True, slots=True)
class Failure:
    """``code`` and ``category`` are stable; ``exchange`` is redacted already."""

    code: str
    category: str
    message: str
    hint: str
    retryable: bool
    exchange: Exchange | None = None


def failure_of(error: AppError, subject: Subject) -> Failure:
    """The report of ``error``; its hint from the table below, else its own."""
    remedy = next((remedy for kind, remedy in _REMEDIES if isinstance(error, kind)), None)
    return Failure(
        code=error.code,
        category=category_of(error).code,
        message=error.message,
        hint=remedy(error, subject) if remedy else error.hint,
        retryable=error.retryable,
        exchange=getattr(error, "exchange", None),
    )


def _missing_tag(_: AppError, subject: Subject) -> str:
    return (
        f"list the tags that {subject.host} has for this image and correct the tag or digest of {subject.what}; "
        "on a private mirror, mirror the missing version first"
    )


def _missing_repository(_: AppError, subject: Subject) -> str:
    if subject.right == "push":
        return f"create the repository of {subject.what} on {subject.host}, or correct its name"
    return (
        f"correct the name {subject.what}, mirror the image to {subject.host} under that name, "
        f"or correct the URL of the {subject.who}"
    )


def _missing_blob(_: AppError, subject: Subject) -> str:
    return f"{subject.host} lost a part of the image: push or mirror {subject.what} there again"


def _credentials(error: AppError, subject: Subject) -> str:
    if isinstance(error, RegistryUnauthenticatedError) and error.is_anonymous:
        if subject.right == "push":
            return f"give the {subject.who} a user name and a password secret: pushing needs them"
        return (
            f"if {subject.what} is private, give the {subject.who} a user name and a password secret; "
            "if it is public, correct its name"
        )
    return (
        f"renew the user name and the password secret of the {subject.who}: log in to {subject.host} with them by "
        "hand, and replace what is wrong or has expired"
    )


def _denied(_: AppError, subject: Subject) -> str:
    right = f"{subject.right} {subject.what} on {subject.host}"
    return f"give the user of the {subject.who} the right to {right}, or correct the name"


def _rate_limit(error: AppError, subject: Subject) -> str:
    after_s = getattr(error, "retry_after_s", None)
    wait = f"{subject.right} again {f'after {after_s:,.0f} s' if after_s is not None else 'later'}"
    return (
        f"{wait}, give the {subject.who} credentials with a larger quota, "
        f"or use a connector for a mirror of {subject.host}"
    )


def _tls(error: AppError, subject: Subject) -> str:
    if "http://" in error.hint:  # TLS was never spoken; it is the URL that is to be changed
        return f"{error.hint} (dockerRegistryUrl of the {subject.who})"
    return f"{error.hint}; this is set in the TLS section of the {subject.who}"


def _name(_: AppError, subject: Subject) -> str:
    return (
        f"correct the host name in the URL of the {subject.who}; if it is right, make the name service of the machine "
        f"that pulls know {subject.host}"
    )


def _no_way(_: AppError, subject: Subject) -> str:
    return (
        f"check that {subject.host} is up and that firewalls and proxies let the machine that pulls reach it; "
        f"set a proxy on the {subject.who} where one is needed"
    )


def _slow(_: AppError, subject: Subject) -> str:
    return (
        f"raise the time limit (initTimeout of the stage), or pull {subject.what} again: what has arrived is kept and "
        "only the rest is fetched"
    )


def _broken_bytes(_: AppError, subject: Subject) -> str:
    return (
        f"do not use this copy: have {subject.what} pushed or mirrored to {subject.host} again, and look for a proxy "
        "on the way that alters answers"
    )


def _platform(error: AppError, subject: Subject) -> str:
    found = ", ".join(getattr(error, "available", ())[:10]) or "none"
    return f"ask for a platform that {subject.what} is built for ({found}), or have it built for the one needed"


def _trouble(_: AppError, subject: Subject) -> str:
    return f"{subject.host} has trouble of its own: try later, or use a connector for a mirror of it"


def _realm(error: AppError, subject: Subject) -> str:
    return f"{error.hint} ({subject.connector})" if subject.connector else error.hint


Remedy = Callable[[AppError, Subject], str]

# The first row that fits counts: narrower kinds stand before wider ones.
_REMEDIES: tuple[tuple[type[AppError], Remedy], ...] = (
    (ManifestUnknownError, _missing_tag),
    (RepositoryUnknownError, _missing_repository),
    (BlobUnknownError, _missing_blob),
    (RegistryUnauthenticatedError, _credentials),
    (RegistryDeniedError, _denied),
    (RegistryRateLimitedError, _rate_limit),
    (TlsError, _tls),
    (NameNotResolvedError, _name),
    (NameServerError, _name),
    (ConnectRefusedError, _no_way),
    (PullTimeoutError, _slow),
    (RegistryTimeoutError, _no_way),
    (RegistryUnavailableError, _trouble),
    (ForeignRealmError, _realm),
    (DigestMismatchError, _broken_bytes),
    (SizeMismatchError, _broken_bytes),
    (PlatformNotFoundError, _platform),
)
