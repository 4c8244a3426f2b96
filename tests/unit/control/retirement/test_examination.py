"""What an examination says of given facts: which findings, how bad, where, what hangs on them and what to do."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from pierhead.control.connectors import (
    ConnectivityStatus,
    Connector,
    ConnectorStatus,
    DockerRegistrySpec,
    ProviderType,
    UsernamePasswordAuth,
    default_draft,
)
from pierhead.control.retirement import (
    ConnectorUse,
    Facts,
    Finding,
    ImageFact,
    KeyFact,
    Kind,
    MirrorFact,
    PipelineFact,
    PipelineImage,
    RetiredHosts,
    Rewrite,
    Severity,
    Thing,
    WatchFact,
    examine,
    load_retired_hosts,
)
from pierhead.control.scopes import Scope, ScopedReference

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ACCOUNT = Scope("acct")
PROJECT = Scope("acct", "o", "p")
SHIPPED = load_retired_hosts()
LOGIN = UsernamePasswordAuth(ScopedReference.parse("account.password"), username="u")


def connector(identifier: str = "hub", url: str = "https://registry.example", **more: Any) -> Connector:
    status = more.pop("status", None)
    spec = DockerRegistrySpec(url=url, provider_type=more.pop("provider", ProviderType.OTHER), **more)
    return Connector(identifier, ACCOUNT, identifier, identifier, "", {}, spec, 1, NOW, NOW, status)


def found(hosts: RetiredHosts = SHIPPED, **facts: Any) -> tuple[Finding, ...]:
    connectors = facts.get("connectors", ())
    named = {(each.scope, each.identifier): each for each in connectors} | facts.pop("named", {})
    return examine(Facts("acct", NOW, named=named, **facts), hosts)


def only(findings: tuple[Finding, ...], code: str = "host-retired") -> Finding:
    [finding] = [each for each in findings if each.code == code]
    return finding


def reference(text: str) -> ScopedReference:
    return ScopedReference.parse(text)


def test_nothing_is_said_of_what_is_well() -> None:
    assert found(connectors=(connector(),)) == ()


def test_a_connector_at_a_dead_host_is_broken_and_says_what_hangs_on_it() -> None:
    mirror = MirrorFact(PROJECT, "nightly", reference("account.hub"), reference("account.own"))
    watch = WatchFact(ACCOUNT, "w", reference("hub"), "a/b")
    user = Thing(Kind.PIPELINE, PROJECT, "ci.yml", "stage build, its image connector")
    uses = (ConnectorUse(user, reference("account.hub")),)
    pipeline = PipelineFact("ci.yml", PROJECT, uses)
    dead = connector(url="https://app.harness.io/registry")
    facts = {"connectors": (dead, connector("own")), "mirrors": (mirror,), "watches": (watch,)}
    finding = only(found(**facts, pipelines=(pipeline,)))
    assert finding.severity is Severity.BROKEN
    assert "since 2024-05-15" in finding.text
    assert finding.affects == ("mirror nightly (source)", "watch w", "ci.yml: stage build, its image connector")
    assert finding.migration is not None
    assert (finding.migration.after, finding.migration.moves_credentials) == ("https://index.docker.io/v2/", False)
    assert "pierhead doctor --migrate" in finding.remedy


def test_a_password_that_would_go_elsewhere_is_said_before_it_does() -> None:
    finding = only(found(connectors=(connector(url="https://app.harness.io/registry", auth=LOGIN),)))
    assert finding.migration is not None
    assert finding.migration.moves_credentials
    assert "--with-credentials" in finding.remedy


def test_a_page_is_no_other_origin_than_the_registry_that_it_was_read_as() -> None:
    finding = only(found(connectors=(connector(url="https://gallery.ecr.aws/acme", auth=LOGIN),)))
    assert finding.severity is Severity.ADVICE
    assert finding.migration is not None
    assert not finding.migration.moves_credentials


def test_without_a_rule_nothing_is_migrated_and_the_remedy_says_where_to_look() -> None:
    finding = only(found(connectors=(connector(url="https://eu.gcr.io/team"),)))
    assert (finding.severity, finding.migration) == (Severity.ADVICE, None)
    assert "docker.pkg.dev" in finding.remedy


@pytest.mark.parametrize(
    ("days", "severity", "on"),
    [(1, Severity.BREAKS, date(2026, 11, 22)), (0, Severity.BROKEN, None), (-1, Severity.BROKEN, None)],
)
def test_a_host_breaks_on_its_day_and_is_broken_from_it_on(days: int, severity: Severity, on: date | None) -> None:
    entry = SHIPPED.entries[0]
    ends = (NOW + timedelta(days=days)).date()
    mine = replace(entry, hosts=("registry.example",), ends=ends, rewrites=(Rewrite("", "https://new.example"),))
    finding = only(found(RetiredHosts([mine]), connectors=(connector(),)))
    assert (finding.severity, finding.on) == (severity, on)


def test_an_image_that_names_a_dead_host_is_told_with_the_name_to_write() -> None:
    image = ImageFact(ACCOUNT, "K8", "addonTag", "app.harness.io/registry/harness/ci-addon:1", is_pinned=True)
    finding = only(found(images=(image,)))
    assert finding.severity is Severity.BROKEN
    assert "pierhead image pin addonTag=docker.io/harness/ci-addon:1 --infra K8" in finding.remedy


def test_a_canary_is_mended_where_it_is() -> None:
    image = ImageFact(PROJECT, "K8", "addonTag", "app.harness.io/registry/harness/ci-addon:1", is_pinned=True)
    assert "--canary --org o --project p" in only(found(images=(image,))).remedy


def test_a_host_in_a_name_behind_a_registry_of_ones_own_is_only_a_part_of_its_path() -> None:
    image = ImageFact(ACCOUNT, "K8", "addonTag", "gcr.io/gcr-prod/harness/ci-addon:1", is_pinned=True)
    own = connector("harnessImage", "https://registry.example/mirror")
    hub = connector("harnessImage", default_draft("acct").spec.url, provider=ProviderType.DOCKER_HUB)
    assert not [each for each in found(images=(image,), connectors=(own,)) if each.code == "host-retired"]
    assert only(found(images=(image,), connectors=(hub,))).severity is Severity.ADVICE


def test_a_web_page_in_a_name_is_broken_for_nobody_rewrites_names() -> None:
    image = PipelineImage("stage s, step t, line 9", "gallery.ecr.aws/harness/x:1")
    finding = only(found(pipelines=(PipelineFact("ci.yml", ACCOUNT, images=(image,)),)))
    assert finding.severity is Severity.BROKEN
    assert "write public.ecr.aws/harness/x:1 there" in finding.remedy
    assert finding.thing.place == "stage s, step t, line 9"


def test_plain_http_and_switched_off_tests_are_advice() -> None:
    findings = found(connectors=(connector(url="http://registry.example", auth=LOGIN, ignore_test_connection=True),))
    assert {each.code: each.severity for each in findings} == {
        "connector-plain-http": Severity.ADVICE,
        "connector-untested": Severity.ADVICE,
    }
    assert "its password" in only(findings, "connector-plain-http").text


def test_a_failed_test_is_broken_and_a_good_one_is_nothing() -> None:
    failed = ConnectorStatus(ConnectivityStatus.FAILURE, "no route", tested_at=NOW)
    finding = only(found(connectors=(connector(status=failed),)), "connector-failing")
    assert (finding.severity, "no route" in finding.text) == (Severity.BROKEN, True)
    assert found(connectors=(connector(status=ConnectorStatus(ConnectivityStatus.SUCCESS)),)) == ()


def test_the_default_connector_without_a_login_at_docker_hub_is_advice() -> None:
    hub = connector("harnessImage", "https://index.docker.io/v2/", provider=ProviderType.DOCKER_HUB)
    assert [each.code for each in found(connectors=(hub,))] == ["default-connector-anonymous"]
    with_login = replace(hub, spec=replace(hub.spec, auth=LOGIN))
    elsewhere = replace(hub, identifier="other")
    assert found(connectors=(with_login, elsewhere)) == ()


def test_missing_secrets_and_delegates_are_broken() -> None:
    at = (ACCOUNT, "hub")
    findings = found(
        connectors=(connector(auth=LOGIN),),
        missing_secrets={at: ("account.password",)},
        unreached={at: "nobody has gpu"},
    )
    assert {each.code for each in findings if each.severity is Severity.BROKEN} == {
        "secret-missing",
        "delegate-missing",
    }


@pytest.mark.parametrize(("has", "count"), [(None, 0), (True, 0), (False, 1)])
def test_a_default_connector_that_is_missing_is_told_to_whoever_may_know(has: bool | None, count: int) -> None:
    assert len(found(has_default=has)) == count


def test_a_connector_that_is_named_and_not_there_is_broken_and_one_not_looked_up_is_not() -> None:
    mirror = MirrorFact(ACCOUNT, "m", reference("gone"), reference("unseen"))
    finding = only(found(mirrors=(mirror,), named={(ACCOUNT, "gone"): None}), "connector-missing")
    assert (finding.thing.kind, finding.thing.identifier, finding.thing.place) == ("mirror", "m", "source")
    user = Thing(Kind.PIPELINE, ACCOUNT, "a.yml", "stage s")
    uses = (ConnectorUse(user, reference("org.x")),)  # an account is in no organization
    finding = only(found(pipelines=(PipelineFact("a.yml", ACCOUNT, uses),)), "connector-missing")
    assert (finding.thing.identifier, finding.thing.place) == ("a.yml", "stage s")


@pytest.mark.parametrize(
    ("image", "codes"),
    [
        ("h/x:1", set()),
        ("h/x", {"pin-moves"}),
        ("h/x:latest", {"pin-moves"}),
        ("h/x:latest@sha256:" + "0" * 64, set()),
    ],
)
def test_a_pin_that_moves_is_advice_and_a_default_is_nobodys_fault(image: str, codes: set[str]) -> None:
    pin = ImageFact(ACCOUNT, "K8", "addonTag", image, is_pinned=True)
    assert {each.code for each in found(images=(pin,))} == codes
    assert found(images=(replace(pin, is_pinned=False, unsupported="old"),)) == ()


def test_a_pin_out_of_support_is_told_in_the_words_of_releases() -> None:
    pin = ImageFact(ACCOUNT, "K8", "addonTag", "h/x:1.0.0", is_pinned=True, unsupported="h/x:1.0.0 is too old")
    finding = only(found(images=(pin,)), "pin-unsupported")
    assert (finding.text, finding.severity) == ("h/x:1.0.0 is too old", Severity.ADVICE)


def test_mirrors_and_watches_that_failed_last_are_broken() -> None:
    mirror = MirrorFact(PROJECT, "m", reference("a"), reference("b"), failure="its last run failed: x")
    watch = WatchFact(ACCOUNT, "w", None, "a/b", failure="no answer")
    findings = found(mirrors=(mirror,), watches=(watch,))
    assert [(each.code, each.severity) for each in findings] == [
        ("mirror-failing", Severity.BROKEN),
        ("watch-failing", Severity.BROKEN),
    ]
    assert "pierhead mirror runs m --org o --project p" in findings[0].remedy


@pytest.mark.parametrize(("days", "count"), [(31, 0), (29, 1)])
def test_a_key_is_told_a_month_before_it_ends(days: int, count: int) -> None:
    findings = found(keys=(KeyFact("ci/token", NOW + timedelta(days=days)),))
    assert len(findings) == count
    assert all((each.severity, each.on) == (Severity.BREAKS, date(2026, 12, 20)) for each in findings)


def test_a_file_that_is_no_pipeline_is_told_as_not_examined() -> None:
    finding = only(found(pipelines=(PipelineFact("a.yml", ACCOUNT, unreadable="no stages"),)), "pipeline-unreadable")
    assert "no stages" in finding.text


def test_the_worst_comes_first_and_the_ended_host_before_what_it_explains() -> None:
    failed = ConnectorStatus(ConnectivityStatus.FAILURE, "no such name")
    dead = connector("z", "https://app.harness.io/registry", status=failed)
    soon = KeyFact("k", NOW + timedelta(days=1))
    findings = found(connectors=(connector("a", "http://registry.example"), dead), keys=(soon,))
    assert [each.code for each in findings] == [
        "host-retired",
        "connector-failing",
        "key-expiring",
        "connector-plain-http",
    ]


def test_an_id_stays_while_the_same_is_wrong_and_differs_between_things() -> None:
    one, other = (connector(name, "https://app.harness.io/registry") for name in ("a", "b"))
    first = [each.id for each in found(connectors=(one, other))]
    assert first == [each.id for each in found(connectors=(other, one))]
    assert len(set(first)) == 2
    moved = replace(one, spec=replace(one.spec, url="https://app.harness.io"))
    assert found(connectors=(moved,))[0].id not in first
