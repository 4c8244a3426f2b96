"""What a live look makes of causes, and whom it would ask."""

from datetime import UTC, datetime

import pytest

from pierhead.control.connectors import Connector, DockerRegistrySpec, ProviderType
from pierhead.control.diagnosis import Fact, Verdict, diagnose, failure_text, leading, named, nearest, weigh
from pierhead.control.scopes import Scope

ABSENT = 'Failed to pull image "r.example/team/app:9": manifest unknown'
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def verdicts(text: str, *facts: str, shown: str = "") -> list[tuple[str, str]]:
    told = weigh(diagnose(text), facts, diagnose(shown) if shown else (), "account.mirror")
    return [(one.cause.code, one.verdict.value) for one in told]


def connector(identifier: str, url: str, scope: Scope | None = None) -> Connector:
    spec = DockerRegistrySpec(url=url, provider_type=ProviderType.OTHER)
    return Connector(identifier, scope or Scope("a"), identifier, identifier, "", {}, spec, 1, NOW, NOW)


def test_our_own_code_for_the_same_thing_proves_a_cause() -> None:
    assert verdicts(ABSENT, "manifest-unknown") == [("tag-absent", "confirmed")]


def test_a_tag_that_is_there_disproves_that_it_is_absent() -> None:
    assert verdicts(ABSENT, Fact.TAG_EXISTS) == [("tag-absent", "refuted")]


def test_what_works_from_here_disproves_nothing_about_another_machine() -> None:
    text = 'Failed to pull image "r.example/a:1": dial tcp 10.0.0.1:443: i/o timeout'
    assert verdicts(text, Fact.TAG_EXISTS, Fact.READ_WITHOUT_LOGIN) == [("connection-timeout", "open")]


def test_proved_comes_before_open_and_disproved_last() -> None:
    text = f"{ABSENT}\nError response from daemon: toomanyrequests: You have reached your pull rate limit."
    assert verdicts(text, Fact.TAG_EXISTS) == [("hub-pull-limit", "open"), ("tag-absent", "refuted")]
    assert verdicts(text, "manifest-unknown") == [("tag-absent", "confirmed"), ("hub-pull-limit", "open")]


def test_what_only_the_look_ran_into_is_told_once_and_after_the_text() -> None:
    shown = failure_text("r.example/team/app:9", "tls-failed", "no trusted TLS connection to r.example: unable")
    assert verdicts(ABSENT, "tls-failed", shown=shown) == [
        ("tag-absent", "open"),
        ("certificate-untrusted", "confirmed"),
    ]
    assert verdicts("", "tls-failed", shown=shown) == [("certificate-untrusted", "confirmed")]
    same = failure_text("r.example/team/app:9", "manifest-unknown", "it does not exist")
    assert verdicts(ABSENT, "manifest-unknown", shown=same) == [("tag-absent", "confirmed")]


def test_a_line_that_says_nothing_gives_way_to_what_the_look_found() -> None:
    shown = failure_text("r.example/team/app:9", "manifest-unknown", "it does not exist")
    text = 'Back-off pulling image "r.example/team/app:9"'
    assert verdicts(text, "manifest-unknown", shown=shown) == [("tag-absent", "confirmed")]
    assert verdicts(text) == [("pull-failed", "open")]


def test_the_connector_that_was_asked_stands_in_the_remedy() -> None:
    (one,) = weigh(diagnose(ABSENT), (), (), "account.mirror")
    assert one.steps[0].command == "pierhead connector tags account.mirror team/app"
    assert one.verdict is Verdict.OPEN


def test_the_longest_path_and_the_nearest_place_lead() -> None:
    inside = connector("inside", "https://r.example", Scope("a", "o", "p"))
    whole, team = connector("whole", "https://r.example"), connector("team", "https://r.example/team")
    other = connector("other", "https://r.example/other")
    leads = leading(named("r.example/team/app:9"), [whole, inside, team, other])
    assert [lead.connector.identifier for lead in leads] == ["team", "inside", "whole"]
    assert "leads to r.example" in leads[0].reason


@pytest.mark.parametrize(("image", "expected"), [("ghcr.io/a/b:1", ["harnessImage"]), ("a/b:1", ["harnessImage"])])
def test_docker_hub_by_default_asks_for_images_by_their_own_names(image: str, expected: list[str]) -> None:
    default = connector("harnessImage", "https://index.docker.io/v2/")
    assert [lead.connector.identifier for lead in leading(named(image), [default])] == expected


def test_a_default_connector_elsewhere_is_not_asked_for_what_it_would_rename() -> None:
    default = connector("harnessImage", "https://mirror.example")
    assert leading(named("ghcr.io/a/b:1"), [default]) == ()


def test_what_was_meant_is_the_name_most_like_it() -> None:
    assert nearest("1.16.93", ["latest", "1.16.92", "0.1", "1.16.9"])[0] in ("1.16.92", "1.16.9")
    assert nearest("zzz", ["1.0"]) == ()
