"""No input makes anything but a plan or an error of ours."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pierhead.control.catalogue import Catalogue
from pierhead.control.connectors import Connector, DockerRegistrySpec, ProviderType, UsernamePasswordAuth
from pierhead.control.pipelines import parse_pipeline, render, resolve, to_yaml
from pierhead.control.scopes import Scope, ScopedReference
from pierhead.kit.errors import AppError

NOW = datetime(2026, 1, 5, tzinfo=UTC)
EXAMPLES = [path.read_text("utf-8") for path in sorted((Path(__file__).parents[4] / "examples").glob("*.yaml"))]
DOCUMENTS = [yaml.safe_load(text) for text in EXAMPLES]
NASTY = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=True),
    st.text(max_size=12),
    st.sampled_from(["<+input>", "", " ", "~", "a\x00", "\ud800", "x" * 3000, "10m", "account.x", "a:b@c", "${{"]),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=4), st.integers(), max_size=3),
)
WORDS = (
    "stage parallel identifier type spec infrastructure runtime platform execution steps step stepGroup name template "
    "harnessImageConnectorRef imagePullPolicy initTimeout os arch useFromStage image connectorRef "
    "delegateSelectors"
)
KEYS = st.sampled_from(WORDS.split())


def find(scope: Scope, identifier: str) -> Connector | None:
    """Some connectors are there, with credentials, and some are not."""
    if "mirror" not in identifier and "hub" not in identifier:
        return None
    auth = UsernamePasswordAuth(ScopedReference.parse("account.password"), username="robot")
    spec = DockerRegistrySpec("https://mirror.corp/ci", ProviderType.OTHER, auth)
    return Connector("id", scope, identifier, identifier, "", {}, spec, 1, NOW, NOW)


def outcome(raw: bytes | str) -> str:
    """Parses, plans and renders; gives what came out, or the message of an error of ours."""
    try:
        plan = resolve(
            parse_pipeline(raw), scope=Scope("acc"), find_connector=find, catalogue=Catalogue.load(), pins={}
        )
        return "".join(to_yaml(render(stage)) for stage in plan.stages if stage.infrastructure.pod)
    except AppError as error:
        return error.message + error.hint


def survives(raw: bytes | str) -> None:
    outcome(raw).encode()  # no half of a surrogate pair came through


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to everything in a document."""
    yield way
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in children:
        yield from places(child, (*way, step))


def at(value: Any, way: tuple[Any, ...]) -> Any:
    for step in way:
        value = value[step]
    return value


def replaced(value: Any, way: tuple[Any, ...], by: Any) -> Any:
    if not way:
        return by
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[way[0]] = replaced(value[way[0]], way[1:], by)
    return copy


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_an_example_with_one_value_replaced_gives_a_plan_or_an_error(data: st.DataObject) -> None:
    document = data.draw(st.sampled_from(DOCUMENTS))
    way = data.draw(st.sampled_from(list(places(document))))
    survives(yaml.safe_dump(replaced(document, way, data.draw(NASTY)), allow_unicode=False))


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_an_example_with_any_selectors_anywhere_gives_a_plan_or_an_error(data: st.DataObject) -> None:
    document = data.draw(st.sampled_from(DOCUMENTS))
    mappings = [way for way in places(document) if isinstance(at(document, way), dict)]
    way = data.draw(st.sampled_from(mappings))
    selectors = data.draw(NASTY | st.lists(NASTY, max_size=3) | st.lists(st.text(max_size=5), max_size=3))
    survives(yaml.safe_dump(replaced(document, way, {**at(document, way), "delegateSelectors": selectors})))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(EXAMPLES), st.data())
def test_an_example_with_characters_changed_gives_a_plan_or_an_error(text: str, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        drop = data.draw(st.integers(0, 30))
        text = text[:at] + data.draw(st.text("[]{}:,&*!|>'\"%-#\n\t <+x1é", max_size=6)) + text[at + drop :]
    survives(text)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=300)))
def test_any_bytes_and_texts_give_a_plan_or_an_error(raw: bytes | str) -> None:
    survives(raw)


@given(st.recursive(NASTY, lambda inner: st.dictionaries(KEYS, inner, max_size=4) | st.lists(inner, max_size=3)))
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_structure_of_the_right_words_gives_a_plan_or_an_error(value: Any) -> None:
    survives(yaml.safe_dump({"stages": value}, allow_unicode=False))
    survives(yaml.safe_dump({"stages": [{"stage": value}]}, allow_unicode=False))
