"""Every failure a user can meet has a remedy that names what to change, and where."""

import pytest

from pierhead.kit.errors import AppError, NotFoundError
from pierhead.oci.digest import Digest
from pierhead.oci.errors import DigestMismatchError, PlatformNotFoundError, SizeMismatchError
from pierhead.registry import errors
from pierhead.registry.exchange import Exchange
from pierhead.worker.errors import ImageNotPresentError, PullTimeoutError
from pierhead.worker.failures import Subject, failure_of

SUBJECT = Subject("mirror.example/harness/ci-addon:1.14", "mirror.example", "account.mirror")
EXCHANGE = Exchange("GET", "https://mirror.example/v2/", 401, "{}", "account.mirror")

TABLE = [
    (errors.ManifestUnknownError("m", EXCHANGE), "manifest-unknown", "not-found", ["tags", SUBJECT.what]),
    (errors.RepositoryUnknownError("m"), "repository-unknown", "not-found", [SUBJECT.what, "account.mirror"]),
    (errors.BlobUnknownError("m"), "blob-unknown", "not-found", ["push or mirror", SUBJECT.what]),
    (
        errors.RegistryUnauthenticatedError("m", is_anonymous=True),
        "registry-unauthenticated",
        "unauthenticated",
        ["user name", "account.mirror"],
    ),
    (
        errors.RegistryUnauthenticatedError("m", is_anonymous=False),
        "registry-unauthenticated",
        "unauthenticated",
        ["renew", "account.mirror", "mirror.example"],
    ),
    (errors.RegistryDeniedError("m"), "registry-denied", "denied", ["right to pull", "account.mirror"]),
    (
        errors.RegistryRateLimitedError("mirror.example", "quota", 90.0),
        "registry-rate-limited",
        "rate-limited",
        ["after 90 s", "account.mirror", "mirror"],
    ),
    (
        errors.TlsError("mirror.example", "self-signed", "give the authority's certificate"),
        "tls-failed",
        "unavailable",
        ["give the authority's certificate", "account.mirror"],
    ),
    (
        errors.NameNotResolvedError("mirror.example"),
        "name-not-resolved",
        "unavailable",
        ["host name", "account.mirror"],
    ),
    (errors.NameServerError("mirror.example"), "name-server-unavailable", "unavailable", ["name service"]),
    (
        errors.ConnectRefusedError("mirror.example", "x"),
        "connect-refused",
        "unavailable",
        ["firewalls", "mirror.example"],
    ),
    (errors.RegistryTimeoutError("it", 30), "registry-timeout", "unavailable", ["firewalls", "mirror.example"]),
    (errors.RegistryUnavailableError("mirror.example", 503), "registry-unavailable", "unavailable", ["try later"]),
    (PullTimeoutError("m", 60, 5, 10), "pull-timeout", "unavailable", ["initTimeout", "kept"]),
    (
        errors.ForeignRealmError("mirror.example", "auth.example", "that is another host"),
        "foreign-realm",
        "denied",
        ["trustedRealmHosts", "auth.example", "account.mirror"],
    ),
    (
        DigestMismatchError("b", Digest.of(b"1"), Digest.of(b"2")),
        "digest-mismatch",
        "integrity",
        ["do not use", SUBJECT.what],
    ),
    (SizeMismatchError("b", 1, 2), "size-mismatch", "integrity", ["do not use", "mirror.example"]),
    (PlatformNotFoundError("linux/arm64", ("linux/amd64",)), "platform-not-found", "not-found", ["linux/amd64"]),
    (ImageNotPresentError("m", "linux/amd64"), "image-not-present", "not-found", ["IfNotPresent"]),
]


@pytest.mark.parametrize(("error", "code", "category", "said"), TABLE, ids=[row[1] for row in TABLE])
def test_the_remedy_is_concrete(error, code, category, said):
    failure = failure_of(error, SUBJECT)
    assert (failure.code, failure.category) == (code, category)
    assert failure.message == error.message
    assert not [text for text in said if text not in failure.hint]


def test_the_exchange_comes_along():
    assert failure_of(errors.ManifestUnknownError("m", EXCHANGE), SUBJECT).exchange == EXCHANGE
    assert failure_of(NotFoundError("m"), SUBJECT).exchange is None


def test_what_is_not_in_the_table_keeps_its_own_hint():
    failure = failure_of(AppError("m", hint="its own"), Subject("x", "y"))
    assert (failure.hint, failure.retryable) == ("its own", False)


def test_without_a_connector_the_registry_is_named():
    assert (
        "connector for mirror.example"
        in failure_of(errors.RegistryDeniedError("m"), Subject("x", "mirror.example")).hint
    )
