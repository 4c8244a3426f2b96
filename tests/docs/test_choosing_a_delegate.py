"""The worked example of "how a delegate is chosen" comes out as the page says."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pierhead.control.catalogue import Catalogue, Infra
from pierhead.control.connectors import Connector, DockerRegistrySpec, ProviderType
from pierhead.control.delegates import Delegate, DelegateGroup, DelegateState, DelegateToken, Experience, Route
from pierhead.control.delegates.enrolled import Enrolled
from pierhead.control.delegates.selection import decide
from pierhead.control.pipelines import parse_pipeline, resolve
from pierhead.control.scopes import Scope

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
ACCOUNT, PROJECT = Scope("acc"), Scope("acc", "default", "shop")
REGISTRY = "http://10.7.0.2:5000"


@pytest.fixture
def text(root: Path) -> str:
    return (root / "docs/concepts/choosing-a-delegate.md").read_text()


def test_explain_gives_the_reasons_on_the_page(text: str) -> None:
    spec = DockerRegistrySpec(REGISTRY, ProviderType.OTHER, delegate_selectors=("site-7",))
    mirror = Connector("1", ACCOUNT, "mirror", "mirror", "", {}, spec, 1, NOW, NOW)
    (pipeline,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    plan = resolve(
        parse_pipeline(pipeline),
        scope=PROJECT,
        find_connector=lambda scope, name: mirror if (scope, name) == (ACCOUNT, "mirror") else None,
        catalogue=Catalogue.load(),
        pins=dict.fromkeys(Infra, ()),
    )
    trails = [image.path.trail for stage in plan.stages for image in stage.images if image.path]
    told = [[line.strip() for line in block.splitlines()[1:]] for block in re.findall(r"```text\n(.*?)```", text, re.S)]
    of_stage, of_step = [
        [("-> " if reason.chosen else "") + f"path: {reason.text}" for reason in trail]
        for trail in (trails[0], trails[-1])
    ]
    assert told == [of_stage, of_step]


def test_the_delegates_are_judged_as_on_the_page(text: str) -> None:
    enrolled = [
        _enrolled("north", 0, ("linux", "building-7")),
        _enrolled("north", 1, ("linux", "building-7")),
        _enrolled("gpu", 0, ("linux",), added=("gpu",)),
        _enrolled("cellar", 0, ("building-7",), silent=timedelta(minutes=12)),
        _enrolled("edge", 0, ("building-7",), scope=Scope("acc", "other")),
    ]
    decision = decide(
        Route(PROJECT, ("building-7",), "stage", (REGISTRY,)),
        "pull",
        enrolled,
        now=NOW,
        experiences=[Experience("north-1", REGISTRY, is_success=True, at=NOW - timedelta(hours=1))],
        running={"north-0": 1},
    )
    assert [one.delegate.host_name for one in decision.candidates] == ["north-1", "north-0"]
    for line in decision.lines[1:]:
        assert f"| {line.conclusion} | `{line.delegate}` | {line.text} |" in text


def _enrolled(
    name: str,
    number: int,
    tags: tuple[str, ...],
    *,
    added: tuple[str, ...] = (),
    scope: Scope = ACCOUNT,
    silent: timedelta | None = None,
) -> Enrolled:
    host = f"{name}-{number}"
    delegate = Delegate(
        id=host,
        group_id=name,
        scope=scope,
        name=name,
        host_name=host,
        signing_key=b"",
        sealing_key=b"",
        token_id="token",
        state=DelegateState.ENABLED,
        version="1",
        kinds=("pull",),
        capacity=4,
        enrolled_at=NOW,
        tags=tags,
        is_connected=silent is None,
        last_heartbeat_at=NOW - (silent or timedelta()),
    )
    group = DelegateGroup(name, scope, name, NOW, added_tags=added)
    return Enrolled.of(delegate, group, DelegateToken("token", scope, "token", "ada", NOW, b"", b""))
