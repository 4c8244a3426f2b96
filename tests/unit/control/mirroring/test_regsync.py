"""A regsync file as documents: what is said the same way, what is said wider, what is left out, and that it is told."""

import json
from typing import Any

import pytest

from pierhead.control.connectors import parse_connector
from pierhead.control.mirroring import InvalidRegsyncError, RegsyncTranslation, translate_regsync
from pierhead.control.mirroring.regsync_patterns import denial_of
from pierhead.control.mirroring.regsync_texts import backup_of, rhythm_of_interval, rhythm_of_schedule
from pierhead.control.pipelines import yaml_lined
from pierhead.control.scopes import Scope
from pierhead.oci.tag_selection import TagRules, chosen
from pierhead.server.api.wire.mirrors import MirrorBody

TYPICAL = r"""
x-nightly: &nightly "15 01 * * *"
version: 1
creds:
  - registry: registry.example.com:5000
    tls: disabled
    user: robot
    pass: a-value-of-its-own
  - registry: docker.io
    user: '{{env "HUB_USER"}}'
    pass: '{{file "/var/run/secrets/hub_token"}}'
  - registry: quay.io
    credHelper: docker-credential-quay
defaults:
  ratelimit: {min: 100, retry: 15m}
  parallel: 2
  interval: 60m
  backup: "bkup-{{.Ref.Tag}}"
sync:
  - source: busybox:latest
    target: registry.example.com:5000/library/busybox:latest
    type: image
  - source: busybox:1.36
    target: registry.example.com:5000/library/busybox:1.36
    type: image
  - source: alpine
    target: registry.example.com:5000/library/alpine
    type: repository
    tags:
      allow: ["latest", "3\\.\\d+"]
      deny: ["3\\.0", ".*-rc\\d+"]
    schedule: *nightly
  - source: ghcr.io/tools/regctl
    target: registry.example.com:5000/mirror/tools/regctl
    type: repository
    platforms: [linux/amd64, linux/arm64]
    referrers: true
"""


def read(text: str, **connectors: str) -> RegsyncTranslation:
    maps = {name.replace("_", "."): reference for name, reference in connectors.items()}
    return translate_regsync(*yaml_lined(text.encode()), maps)


def of(found: RegsyncTranslation, noun: str) -> list[dict[str, Any]]:
    documents: Any = found.documents
    return [document[noun] for document in documents if noun in document]


def step(**given: object) -> str:
    entry = {"source": "alpine", "target": "own.example.com/alpine", "type": "repository", **given}
    return json.dumps({"sync": [entry]})


def told(found: RegsyncTranslation) -> str:
    return "\n".join(map(str, found.told))


def test_a_typical_file_makes_documents_that_are_accepted_as_they_stand() -> None:
    found = read(TYPICAL)
    drafts = [MirrorBody.model_validate(each).draft(Scope("acc")) for each in of(found, "mirror")]
    hub, nightly, ghcr = (draft.spec for draft in drafts)
    assert [(each.repository, each.tags.exact) for each in hub.repositories] == [
        ("library/busybox", ("latest", "1.36"))
    ]
    assert (hub.schedule, hub.reserve, hub.backup, hub.has_evidence) == ("0 * * * *", 100, "bkup-{tag}", False)
    assert nightly.schedule == "15 01 * * *"
    assert nightly.repositories[0].tags == TagRules(regexes=("latest", r"3\.\d+"), exclude=("3.0", "*-rc[0-9]*"))
    assert (ghcr.platforms, ghcr.copies, ghcr.has_evidence) == (("linux/amd64", "linux/arm64"), "sparse", True)
    urls = {each["identifier"]: each["spec"]["dockerRegistryUrl"] for each in of(found, "connector")}
    assert urls == {
        "docker_io": "https://index.docker.io/v2/",
        "registry_example_com_5000": "http://registry.example.com:5000",
        "ghcr_io": "https://ghcr.io",
        "registry_example_com_5000_mirror": "http://registry.example.com:5000/mirror",
    }
    for each in of(found, "connector"):
        parse_connector({"connector": each}, "acc")


def test_no_password_is_taken_over_and_each_secret_says_where_its_value_lies() -> None:
    found = read(TYPICAL)
    assert "a-value-of-its-own" not in json.dumps(found.documents) + told(found)
    assert {each["identifier"]: each["spec"]["valueFrom"] for each in of(found, "secret")} == {
        "docker_io_user": {"env": "HUB_USER"},
        "docker_io_password": {"file": "/var/run/secrets/hub_token"},
        "registry_example_com_5000_password": {"env": "PIERHEAD_VALUE_REGISTRY_EXAMPLE_COM_5000_PASSWORD"},
    }
    auth = {each["identifier"]: each["spec"]["auth"] for each in of(found, "connector")}
    assert auth["docker_io"]["spec"] == {
        "usernameRef": "account.docker_io_user",
        "passwordRef": "account.docker_io_password",
    }
    assert auth["registry_example_com_5000"]["spec"]["username"] == "robot"
    assert auth["ghcr_io"] == {"type": "Anonymous"}


def test_what_is_not_said_the_same_way_is_told_with_its_line() -> None:
    lines = {each.line: each.text for each in read(TYPICAL).told}
    assert "stands in the file and is not taken over" in lines[8]
    assert "credHelper is not taken over" in lines[13]
    assert "ratelimit.retry is not taken over" in lines[15]
    assert "parallel is not taken over" in lines[16]
    assert lines[31] == "'.*-rc\\d+' is denied as *-rc[0-9]*, which is more"
    assert "no connector is made for quay.io" in lines[5]


def test_a_connector_that_is_there_is_used_and_none_is_made() -> None:
    found = read(step(), docker_io="account.hub", quay_io="account.quay")
    assert [each["identifier"] for each in of(found, "connector")] == ["own_example_com"]
    (mirror,) = of(found, "mirror")
    assert (mirror["identifier"], mirror["spec"]["sourceRef"]) == ("hub_to_own_example_com", "account.hub")
    assert found.unused == ("quay.io",)


@pytest.mark.parametrize(
    ("source", "target", "source_url", "target_url", "repository"),
    [
        ("alpine", "own.example.com/alpine", "https://index.docker.io/v2/", "https://own.example.com", "alpine"),
        ("alpine", "own.example.com/hub/library/alpine", "https://index.docker.io/v2/", "https://own.example.com/hub",
         "library/alpine"),
        ("quay.io/a/b", "own.example.com/x/a/b", "https://quay.io", "https://own.example.com/x", "a/b"),
        ("quay.io/a/b", "own.example.com/x/b", "https://quay.io/a", "https://own.example.com/x", "b"),
        ("public.ecr.aws/harness/ci", "own.example.com/harness/ci", "https://public.ecr.aws/harness",
         "https://own.example.com/harness", "ci"),
        ("quay.io/a/b", "own.example.com/{{ .Sync.Source }}", "https://quay.io", "https://own.example.com/quay.io",
         "a/b"),
    ],
)  # fmt: skip
def test_the_same_name_stands_behind_both_connectors(
    source: str, target: str, source_url: str, target_url: str, repository: str
) -> None:
    found = read(step(source=source, target=target))
    urls = [each["spec"]["dockerRegistryUrl"] for each in of(found, "connector")]
    (mirror,) = of(found, "mirror")
    assert (urls, mirror["spec"]["repositories"][0]["repository"]) == ([source_url, target_url], repository)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"target": "own.example.com/other"}, "it gets another name"),
        ({"type": "image", "target": "own.example.com/alpine:3"}, "it gets another tag"),
        ({"source": "docker.io", "target": "own.example.com", "type": "registry"}, "a mirror names its repositories"),
        ({"source": "ocidir:///x"}, "a directory is no registry"),
        ({"source": "alpine@sha256:" + "0" * 64}, "named by its digest"),
        ({"source": "{{env `X`}}/alpine"}, "a template names it"),
        ({"source": "Alpine"}, "capital letters"),
        ({"source": "own.example.com/alpine"}, "source and target are the same"),
        ({"tags": {"deny": ["(a|b)+"] * 1 + ["[[:alpha:]]+"]}}, "globs cannot say"),
        ({"tags": {"allow": ["("]}}, "cannot be used"),
        ({"tags": {"allow": ["a"], "semverRange": [">=1"]}}, "allow and semverRange"),
        ({"platform": "local"}, "no platform such as linux/amd64"),
    ],
)
def test_an_entry_that_would_copy_more_or_rename_is_left_out_and_told(given: dict[str, object], why: str) -> None:
    found = read(step(**given))
    assert found.documents == ()
    assert "is left out" in told(found)
    assert why in told(found)


def test_a_registry_whose_repositories_are_named_outright_is_taken() -> None:
    found = read(step(source="docker.io", target="own.example.com", type="registry",
                      repos={"allow": ["library/alpine", "grafana/loki"]}))  # fmt: skip
    (mirror,) = of(found, "mirror")
    assert [each["repository"] for each in mirror["spec"]["repositories"]] == ["library/alpine", "grafana/loki"]


def test_rules_that_would_take_from_each_other_make_two_mirrors() -> None:
    sets = [{"allow": ["a.*"]}, {"allow": ["b.*"], "deny": ["a1"]}, {"allow": ["c"]}]
    first, second = of(read(step(tagSets=sets)), "mirror")
    assert first["spec"]["repositories"][0]["tags"] == {"regex": ["a.*", "c"]}
    assert second["spec"]["repositories"][0]["tags"] == {"regex": ["b.*"], "exclude": ["a1"]}
    assert first["identifier"] != second["identifier"]


def test_ranges_are_any_of_them() -> None:
    (mirror,) = of(read(step(tags={"semverRange": [">=1 <2", "^4"]})), "mirror")
    assert mirror["spec"]["repositories"][0]["tags"] == {"semver": ">=1 <2 || ^4"}
    assert chosen(TagRules(semver=">=1 <2 || ^4"), ["1.5", "3.0", "4.1"]) == ("4.1", "1.5")


@pytest.mark.parametrize(
    ("pattern", "globs", "is_wider"),
    [
        ("3.0", ("3?0",), False),
        (r"3\.0", ("3.0",), False),
        ("^latest$", ("latest",), False),
        (".*-(alpha|beta)", ("*-alpha", "*-beta"), False),
        ("v?1", ("1", "v1"), False),
        ("a.+", ("a?*",), False),
        ("[0-9a-f]{3}", ("[0-9a-f][0-9a-f][0-9a-f]",), False),
        ("[^0-9]", ("[!0-9]",), False),
        (r"\d+", ("[0-9]*",), True),
        (r"1|2|\d*x", ("1", "2", "x", "[0-9]*x"), True),
        (r"\bx", None, False),
        ("(a", None, False),
        ("a)", None, False),
        ("a*?*", None, False),
        ("(a|b|c){9}", None, False),
        ("(" * 299, None, False),
        ("", None, False),
        ("a?", None, False),
        (r"a\$", ("a$",), False),
    ],
)
def test_a_denied_pattern_is_said_in_globs_or_not_at_all(
    pattern: str, globs: tuple[str, ...] | None, is_wider: bool
) -> None:
    found = denial_of(pattern)
    assert (found and found.globs, bool(found and found.is_wider)) == (globs, is_wider)


@pytest.mark.parametrize(
    ("text", "cron", "zone", "is_exact"),
    [
        ("60m", "0 * * * *", "UTC", True),
        ("1m", "* * * * *", "UTC", True),
        ("90m", "0 */2 * * *", "UTC", False),
        ("24h", "0 0 * * *", "UTC", True),
        ("1000h", "0 0 * * 0", "UTC", False),
        ("@daily", "0 0 * * *", "UTC", True),
        ("@every 5m", "*/5 * * * *", "UTC", True),
        ("CRON_TZ=Europe/Berlin 0 3 * * *", "0 3 * * *", "Europe/Berlin", True),
        ("0 3 * * MON", "0 3 * * MON", "UTC", True),
    ],
)
def test_a_rhythm_is_said_as_cron(text: str, cron: str, zone: str, is_exact: bool) -> None:
    found = rhythm_of_interval(text) or rhythm_of_schedule(text)
    assert found is not None
    assert (found.cron, found.time_zone, found.is_exact) == (cron, zone, is_exact)


@pytest.mark.parametrize("text", ["", "soon", "-5m", "0s", "1 2 3 4 5 6", "9" * 40 + "h"])
def test_what_is_no_rhythm_is_none(text: str) -> None:
    assert rhythm_of_interval(text) is None
    assert rhythm_of_schedule(text) is None


def test_a_schedule_that_never_comes_leaves_the_mirror_to_people() -> None:
    found = read(step(schedule="0 0 31 2 *"))
    assert "schedule" not in of(found, "mirror")[0]["spec"]
    assert "the mirror runs when somebody asks" in told(found)


def test_an_own_interval_goes_before_a_schedule_of_the_defaults() -> None:
    document = json.loads(step(interval="10m")) | {"defaults": {"schedule": "0 3 * * *"}}
    assert of(read(json.dumps(document)), "mirror")[0]["spec"]["schedule"] == "*/10 * * * *"


@pytest.mark.parametrize(
    ("template", "tag"),
    [
        ("old-{{ .Ref.Tag }}", "old-{tag}"),
        ('{{.Ref.Tag}}-{{time.Now.Format "20060102"}}', "{tag}-{date}"),
        ("backup", None),
        ("own.example.com/b/{{.Ref.Repository}}:{{.Ref.Tag}}", None),
    ],
)
def test_a_backup_beside_the_tag_is_taken_over(template: str, tag: str | None) -> None:
    assert backup_of(template) == tag


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("sync: alpine", 1, "sync has to be a list"),
        ("version: 2\nsync: []", 1, "only version 1"),
        ("version: 1", 1, "there is no sync"),
        ("- sync", 1, "the file has to have fields"),
        ("sync:\n- source: a\n  target: b.c/a", 2, "needs a type"),
        ("sync:\n- {source: a, target: b.c/a, type: all}", 2, "type has to be"),
        ("sync:\n- {source: [a], target: b.c/a, type: image}", 2, "source has to be a text"),
        ("sync: []\ncreds:\n- {registry: a.b, pass: x}", 3, "a pass needs a user"),
        ("sync: []\ncreds:\n- {registry: a.b, tls: off}", 3, "tls has to be"),
        ("sync: []\ncreds:\n- {user: x}", 3, "needs a registry"),
        ("defaults: {ratelimit: {min: many}}\nsync:\n- {source: a, target: b.c/a, type: image}", 1, "a whole number"),
    ],
)
def test_what_regsync_itself_would_not_take_is_refused_with_its_line(text: str, line: int, why: str) -> None:
    with pytest.raises(InvalidRegsyncError, match=why) as refused:
        read(text)
    assert refused.value.line == line


def test_what_is_not_known_is_told_and_passed_over() -> None:
    found = read("x-mine: {a: 1}\nfuture: 1\nsync:\n- {source: a, target: b.c/a, type: image, speed: fast}")
    assert [str(each).partition(";")[0] for each in found.told] == [
        "line 2: the file has a field 'future' that is not known here",
        "line 4: an entry of sync has a field 'speed' that is not known here",
    ]
    assert len(of(found, "mirror")) == 1
