"""What a source has: the fewest requests that tell it, and failures that keep their names."""

from collections.abc import Iterator

import pytest

from pierhead.oci.digest import Digest
from pierhead.oci.tag_selection import TagRules, choices
from pierhead.protocol.tasks import FailedResult, RegistryAccess, SurveyRepository, SurveyRules, SurveyTask
from pierhead.registry.transport import Transport
from pierhead.testing.clock import FakeClock
from pierhead.testing.fake_registry import BasicLogin, FakeRegistry, Scripted
from pierhead.testing.images import image, layer
from pierhead.worker import survey
from pierhead.worker.cancel import CancelToken
from pierhead.worker.execute import execute

MADE = image([layer({"a": "a"})])


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with FakeRegistry(page_cap=10) as registry:
        for n in range(25):
            registry.add("team/tool", f"1.{n}.0", MADE)
        registry.add("team/tool", "latest", MADE)
        yield registry


@pytest.fixture
def transport() -> Iterator[Transport]:
    with Transport(FakeClock()) as transport:
        yield transport


def wanted(repository="team/tool", *, known=None, held=(), **rules) -> SurveyRepository:
    return SurveyRepository(repository=repository, rules=SurveyRules(**rules), known=known or {}, held=held)


def surveyed(registry, transport, *places, login=None, **more):
    user, password = login or (None, None)
    access = RegistryAccess(url=registry.url, username=user, password=password)
    return execute(SurveyTask(registry=access, repositories=places), transport=transport, **more)


def one(registry, transport, place):
    (found,) = surveyed(registry, transport, place).repositories
    return found


def test_ten_named_tags_are_ten_heads(registry, transport):
    tags = tuple(f"1.{n}.0" for n in range(10))
    found = one(registry, transport, wanted(exact=tags))
    assert [(seen.method, seen.kind) for seen in registry.requests] == [("HEAD", "manifests")] * 10
    assert {each.tag: each.digest for each in found.tags} == dict.fromkeys(tags, str(MADE.descriptor.digest))
    assert (found.tags[0].media_type, found.tags[0].size_bytes) == (MADE.descriptor.media_type, len(MADE.raw))
    assert (found.listed, found.is_complete, found.problem) == (0, False, "")


def test_a_range_needs_the_list_and_says_what_was_left_out(registry, transport):
    found = one(registry, transport, wanted(semver=">=1.20", newest=2, held=("1.0.0", "0.9.0")))
    assert [each.tag for each in found.tags] == ["1.24.0", "1.23.0"]
    assert (found.listed, found.is_complete, found.gone) == (26, True, ("0.9.0",))
    assert found.left_out == {"no version": 1, "not in >=1.20": 20, "older than the newest 2": 3}
    assert registry.count("HEAD") == 2


def test_tags_known_never_to_change_are_not_asked_for(registry, transport):
    digest = str(Digest.of(b"known"))
    found = one(registry, transport, wanted(exact=("1.0.0", "latest"), known={"1.0.0": digest, "9.9.9": digest}))
    assert [each.tag for each in found.tags] == ["1.0.0", "latest"]
    assert found.tags[0].digest == digest
    assert registry.count() == 1


def test_a_tag_that_is_not_there_fails_alone(registry, transport):
    found = one(registry, transport, wanted(exact=("1.0.0", "nope", "1.1.0")))
    assert [each.problem_code for each in found.tags] == ["", "manifest-unknown", ""]


def test_a_limit_is_never_not_found_and_ends_the_questions(registry):
    registry.faults.script(Scripted("HEAD", "", 429, times=10_000))
    registry.faults.script(Scripted("GET", "", 429, times=10_000))
    with Transport(FakeClock(), max_rate_wait_s=1.0) as transport:
        found = one(registry, transport, wanted(exact=tuple(f"1.{n}.0" for n in range(1000))))
    assert {each.problem_code for each in found.tags} == {"registry-rate-limited"}
    assert registry.count() < 500  # 16 at a time, each a few times, and nothing after the first that gave up


def test_what_is_left_of_the_limit_is_told(transport):
    with FakeRegistry(rate_limit=100) as registry:
        registry.add("team/tool", "1", MADE)
        assert surveyed(registry, transport, wanted(exact=("1",))).pulls_left == 100


def test_a_list_that_breaks_off_is_not_complete_and_nothing_is_gone(registry, transport):
    registry.faults.script(Scripted("GET", "/tags/list", 200, b'{"tags":["1.0.0"]}', {"Link": '<?last=1>; rel="next"'}))
    registry.faults.script(Scripted("GET", "/tags/list", 404, b"{}"))
    found = one(registry, transport, wanted(globs=("1.*",), exact=("latest",), held=("2.0.0",)))
    assert (found.is_complete, found.gone, found.problem_code) == (False, (), "repository-unknown")
    assert [each.tag for each in found.tags] == ["latest"]  # nothing is chosen from a part of the list


def test_credentials_that_are_wanted_are_no_missing_tags(transport):
    with FakeRegistry(BasicLogin({"user": "password"})) as closed:
        found = one(closed, transport, wanted("a/b", exact=("1", "2")))
    assert {each.problem_code for each in found.tags} == {"registry-unauthenticated"}


def test_a_rule_that_cannot_be_read_is_the_repositorys_problem(registry, transport):
    bad, good = surveyed(registry, transport, wanted(regexes=("(",)), wanted(exact=("latest",))).repositories
    assert (bad.problem_code, good.tags[0].problem) == ("invalid-tag-rule", "")


def test_a_pattern_that_backtracks_elsewhere_takes_no_time_here(registry, transport):
    for n in range(50):
        registry.add("team/slow", "a" * 100 + str(n), MADE)
    found = one(registry, transport, wanted("team/slow", regexes=("(a+)+$",)))
    assert (found.tags, found.problem) == ((), "")


def test_a_cancelled_survey_is_a_failure(registry, transport):
    cancel = CancelToken()
    cancel.cancel()
    result = surveyed(registry, transport, wanted(exact=("1",)), cancel=cancel)
    assert isinstance(result, FailedResult)
    assert result.error.code == "cancelled"


def test_a_head_that_says_too_little_is_followed_by_a_get(registry, transport):
    registry.faults.script(Scripted("HEAD", "/manifests/latest", 200, b"", {"Content-Length": "0"}))
    found = one(registry, transport, wanted(exact=("latest",)))
    assert found.tags[0].digest == str(MADE.descriptor.digest)
    assert [seen.method for seen in registry.requests] == ["HEAD", "GET"]


def test_many_repositories_are_asked_at_once_and_keep_their_order(registry, transport):
    names = [f"team/t{n}" for n in range(40)]
    for name in names:
        registry.add(name, "1", MADE)
    found = surveyed(registry, transport, *(wanted(name, exact=("1",)) for name in names)).repositories
    assert [each.repository for each in found] == names
    assert all(each.tags[0].digest for each in found)


def test_a_repository_with_too_many_tags_fails_alone_and_is_never_cut(registry, transport, monkeypatch):
    monkeypatch.setattr(survey, "MAX_LISTED", 20)
    many, named = surveyed(
        registry, transport, wanted(globs=("1.*",), held=("0.1",)), wanted(exact=("1.1.0",))
    ).repositories
    assert (many.problem_code, many.tags, many.is_complete, many.gone) == ("too-many-tags", (), False, ())
    assert (named.problem_code, named.tags[0].problem) == ("", "")


def test_more_chosen_tags_than_a_survey_may_have_are_asked_for_by_nobody(registry, transport, monkeypatch):
    monkeypatch.setattr(survey, "MAX_CHOSEN", 20)
    found = one(registry, transport, wanted(globs=("1.*",)))
    assert (found.problem_code, found.tags, registry.count("HEAD")) == ("too-many-tags", (), 0)


def test_a_long_list_is_left_when_the_survey_is_cancelled():
    seen = []
    found = choices(TagRules(globs=("x",)), (str(n) for n in range(5000)), lambda: seen.append(1))
    assert sum(1 for _ in found) == 5000
    assert len(seen) == 5
