"""Whether images are where runs would pull them."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from pierhead.control.catalogue import Infra
from pierhead.control.connectors import AnonymousAuth, Connector, DockerRegistrySpec, ProviderType
from pierhead.control.scopes import Scope
from pierhead.kit.errors import AppError
from pierhead.protocol.tasks import ResolveResult, TaskFailure
from pierhead.registry.errors import ManifestUnknownError
from pierhead.server.jobs.errors import TaskFailedError
from pierhead.server.jobs.preflight import Preflight, PreflightRefusedError, PreflightReport, PreflightState, Wanted

ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64
ADDON, GIT = "harness/ci-addon:1.16.92", "harness/drone-git:1.6.9"


def connector(identifier: str, url: str) -> Connector:
    spec = DockerRegistrySpec(url=url, provider_type=ProviderType.OTHER, auth=AnonymousAuth())
    at = datetime(2026, 1, 5, tzinfo=UTC)
    return Connector(identifier, Scope("acc"), identifier, identifier, "", {}, spec, 1, at, at)


MIRROR, UPSTREAM = connector("mirror", "https://r.example/ci"), connector("upstream", "https://up.example")


class Registries:
    """Digests by connector and image; what is not there is answered as a worker's failure."""

    def __init__(self, held: dict[tuple[str, str], str | AppError]) -> None:
        self.held = held
        self.asked: list[tuple[str, str]] = []

    def resolve_at(self, connector: Connector, image: str) -> ResolveResult:
        self.asked.append((connector.identifier, image))
        found = self.held.get((connector.identifier, image))
        if found is None:
            failure = TaskFailure(code="manifest-unknown", category="not-found", message=f"there is no {image}")
            raise TaskFailedError(failure)
        if isinstance(found, AppError):
            raise found
        return ResolveResult(reference=image, digest=found, media_type="x", size_bytes=1)


def wanted(image: str, field: str = "addonTag") -> Wanted:
    return Wanted(Infra.K8, field, image)


def check(registries: Registries, *images: Wanted, source: Connector | None = UPSTREAM) -> PreflightReport:
    return Preflight(registries).check(MIRROR, source, images)


def test_an_image_with_the_digest_of_its_source_is_present() -> None:
    report = check(Registries({("mirror", ADDON): ONE, ("upstream", ADDON): ONE}), wanted(ADDON))
    [item] = report.items
    assert (item.state, item.target_digest, item.source_digest) == (PreflightState.PRESENT, ONE, ONE)
    assert item.reference == "r.example/ci/harness/ci-addon:1.16.92"
    assert report.is_good
    assert (report.target, report.source) == ("account.mirror", "account.upstream")


def test_another_digest_than_at_the_source_is_no_good() -> None:
    report = check(Registries({("mirror", ADDON): ONE, ("upstream", ADDON): TWO}), wanted(ADDON))
    [item] = report.items
    assert item.state is PreflightState.DIFFERENT
    assert ONE in item.reason
    assert TWO in item.reason
    assert not report.is_good


def test_what_is_not_at_the_target_is_absent() -> None:
    [item] = check(Registries({("upstream", ADDON): ONE}), wanted(ADDON)).items
    assert item.state is PreflightState.ABSENT
    assert ADDON in item.reason


@pytest.mark.parametrize("category", ["unavailable", "denied", "unauthenticated", "rate-limited", "no-category"])
@pytest.mark.parametrize("at", ["mirror", "upstream"])
def test_a_registry_that_does_not_say_is_never_taken_for_a_yes(category: str, at: str) -> None:
    error = TaskFailedError(TaskFailure(code="x", category=category, message="it would not say"))
    report = check(Registries({("mirror", ADDON): ONE, ("upstream", ADDON): ONE, (at, ADDON): error}), wanted(ADDON))
    [item] = report.items
    assert item.state is PreflightState.UNCHECKED
    assert "it would not say" in item.reason
    assert not report.is_good


def test_an_error_of_the_registry_itself_counts_by_its_category() -> None:
    [item] = check(Registries({("mirror", ADDON): ManifestUnknownError(ADDON)}), wanted(ADDON)).items
    assert item.state is PreflightState.ABSENT


def test_without_a_source_only_the_target_is_asked() -> None:
    registries = Registries({("mirror", ADDON): ONE})
    report = check(registries, wanted(ADDON), source=None)
    assert report.is_good
    assert report.source == ""
    assert registries.asked == [("mirror", ADDON)]


def test_a_name_that_is_the_same_at_both_is_asked_for_once() -> None:
    registries = Registries({("mirror", "r.example/x:1"): ONE})
    report = Preflight(registries).check(MIRROR, connector("same", "https://r.example"), [wanted("r.example/x:1")])
    assert report.is_good
    assert registries.asked == [("mirror", "r.example/x:1")]


def test_an_image_of_many_fields_is_asked_for_once_and_told_for_each() -> None:
    registries = Registries({("mirror", GIT): ONE, ("upstream", GIT): ONE})
    report = check(registries, wanted(GIT, "a"), wanted(GIT, "b"))
    assert [item.wanted.field for item in report.items] == ["a", "b"]
    assert sorted(registries.asked) == [("mirror", GIT), ("upstream", GIT)]


@pytest.mark.parametrize("text", ["updatedTmpNow!", "Harness/x:1", "", "host:5000/x:1"])
def test_a_text_that_is_no_image_there_is_unusable_and_asks_nobody(text: str) -> None:
    registries = Registries({})
    [item] = check(registries, wanted(text)).items
    assert item.state is PreflightState.UNUSABLE
    assert item.reason
    assert registries.asked == []


def test_the_refusal_names_what_is_wrong_and_cuts_a_long_list() -> None:
    report = check(Registries({}), *(wanted(f"a/b:{number}", f"field{number}") for number in range(8)))
    error = PreflightRefusedError(report)
    assert "field0 (absent)" in error.message
    assert error.message.endswith("and 3 more")
    assert "account.mirror" in error.message
    assert "--force" in error.hint


def test_as_many_as_may_be_are_asked_at_once() -> None:
    registries = Waiting(4)
    report = Preflight(registries, at_once=4).check(MIRROR, None, [wanted(f"a:{number}") for number in range(12)])
    assert report.is_good
    assert registries.most == 4


def test_what_is_not_answered_in_time_is_unchecked() -> None:
    let_go = threading.Event()
    report = Preflight(Stuck(let_go.wait), within_s=0.01).check(MIRROR, UPSTREAM, [wanted(ADDON), wanted(GIT)])
    let_go.set()
    assert {item.state for item in report.items} == {PreflightState.UNCHECKED}
    assert "in time" in report.items[0].reason


class Waiting:
    """Answers once as many ask as shall."""

    def __init__(self, together: int) -> None:
        self._barrier = threading.Barrier(together)
        self._lock = threading.Lock()
        self._now = self.most = 0

    def resolve_at(self, connector: Connector, image: str) -> ResolveResult:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        self._barrier.wait(timeout=10)
        with self._lock:
            self._now -= 1
        return ResolveResult(reference=image, digest=ONE, media_type="x", size_bytes=1)


class Stuck:
    def __init__(self, wait: Callable[[float], bool]) -> None:
        self._wait = wait

    def resolve_at(self, connector: Connector, image: str) -> ResolveResult:
        self._wait(10)
        return ResolveResult(reference=image, digest=ONE, media_type="x", size_bytes=1)
