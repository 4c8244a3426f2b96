"""Whose selectors count for an image, and what its trail says about the others (harness-api §4.1)."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from pierhead.control.connectors import Connector, ProviderType
from pierhead.control.delegates import Origin, Path
from pierhead.control.pipelines import Plan, PlannedImage, render

Document = Callable[..., str]
Planner = Callable[..., Plan]
Connect = Callable[..., Connector]


@pytest.fixture
def via(connect: Connect) -> Callable[..., Connector]:
    """The connector ``account.via``: through delegates unless said otherwise, with these selectors."""

    def make(*selectors: str, delegates: bool = True, identifier: str = "via") -> Connector:
        found = connect(identifier, "https://via.corp")
        spec = replace(found.spec, delegate_selectors=selectors, execute_on_delegate=delegates)
        return replace(found, spec=spec)

    return make


def planned(plan: Plan) -> dict[str, PlannedImage]:
    return {image.need.purpose: image for stage in plan.stages for image in stage.images}


def path_of(image: PlannedImage) -> Path:
    assert image.path is not None
    return image.path.path


def told(image: PlannedImage) -> list[tuple[bool, str]]:
    return [(reason.chosen, reason.text) for reason in image.trail if reason.rule == "path"]


GIVEN = ("step", "step group", "stage", "pipeline", "connector")


def document(given: frozenset[str]) -> str:
    """One Run step in a group; who is in ``given`` asks for a tag of its own name."""

    def selectors(origin: str) -> str:
        return f"delegateSelectors: [{origin.replace(' ', '-')}]" if origin in given else "other: x"

    return f"""
pipeline:
  {selectors("pipeline")}
  stages:
    - stage:
        identifier: build
        type: CI
        {selectors("stage")}
        spec:
          cloneCodebase: false
          infrastructure:
            type: KubernetesDirect
            spec: {{connectorRef: account.cluster, namespace: builds, harnessImageConnectorRef: account.via}}
          execution:
            steps:
              - stepGroup:
                  identifier: g
                  {selectors("step group")}
                  steps:
                    - step:
                        identifier: s
                        type: Run
                        spec: {{image: a, connectorRef: account.via, {selectors("step")}}}
"""


def subsets() -> list[frozenset[str]]:
    return [frozenset(name for bit, name in enumerate(GIVEN) if number >> bit & 1) for number in range(32)]


@pytest.mark.parametrize("given", subsets(), ids=lambda given: "+".join(sorted(given)) or "nobody")
def test_of_all_who_name_tags_the_most_specific_decides_alone(
    plan: Planner, via: Callable[..., Connector], given: frozenset[str]
) -> None:
    images = planned(plan(document(given), there=(via(*(["connector"] if "connector" in given else [])),)))
    for purpose, may in (("g.s", GIVEN), ("addonTag", GIVEN[2:])):
        origin = next((each for each in may if each in given), "connector")
        expected = (origin.replace(" ", "-"),) if origin in given else ()
        path = path_of(images[purpose])
        assert (path.is_platform, path.selectors, path.origin) == (False, expected, origin)
        (_, reason), *others = told(images[purpose])
        assert reason == path.reason
        # A group is not named beside a step in it: what they say stands side by side in the pipeline.
        passed_over = [each for each in may[may.index(origin) + 1 :] if each in given and each != "step group"]
        owners = {"connector": "connector account.via"}
        assert others == [
            (False, f"{owners.get(each, f'the {each}')} would ask for {each}, but the {origin} decides")
            for each in passed_over
        ]


@pytest.mark.parametrize(
    ("selectors", "delegates", "expected"),
    [
        ((), False, Path(True, (), Origin.CONNECTOR, "connector account.via is reached through the platform")),
        (("a",), False, Path(True, (), Origin.CONNECTOR, "connector account.via is reached through the platform")),
        (
            (),
            True,
            Path(False, (), Origin.CONNECTOR, "connector account.via is reached through any available delegate"),
        ),
        (
            ("A", "b"),
            True,
            Path(
                False,
                ("a", "b"),
                Origin.CONNECTOR,
                "connector account.via is reached through a delegate with all of the tags a, b",
            ),
        ),
    ],
)
def test_where_the_pipeline_names_no_tags_the_images_connector_decides(
    stage: Document,
    plan: Planner,
    via: Callable[..., Connector],
    selectors: tuple[str, ...],
    delegates: bool,
    expected: Path,
) -> None:
    there = (via(*selectors, delegates=delegates),)
    image = planned(plan(stage(infra="harnessImageConnectorRef: account.via"), there=there))["addonTag"]
    assert path_of(image) == expected
    assert told(image) == [(True, expected.reason)]


def test_without_a_connector_the_platform_fetches_unless_the_pipeline_names_tags(
    stage: Document, plan: Planner
) -> None:
    text = stage("type: Run, spec: {image: a}", "type: Run, spec: {image: b, delegateSelectors: eu}")
    images = planned(plan(text, there=()))
    assert path_of(images["addonTag"]).is_platform
    assert path_of(images["s0"]).origin is Origin.NOBODY
    assert path_of(images["s1"]).selectors == ("eu",)


def test_a_connector_says_nothing_about_an_image_that_names_another_registry(
    stage: Document, plan: Planner, via: Callable[..., Connector]
) -> None:
    text = stage("type: Run, spec: {image: 'other.corp/a:1', connectorRef: account.via}")
    image = planned(plan(text, there=(via("a"),)))["s0"]
    assert image.access is None
    assert path_of(image).is_platform


def test_selectors_win_over_a_connector_that_goes_through_the_platform_without_a_word_about_it(
    stage: Document, plan: Planner, via: Callable[..., Connector]
) -> None:
    text = stage("type: Grype, spec: {connectorRef: account.via, delegateSelectors: [eu]}")
    image = planned(plan(text, there=(via("x", delegates=False),)))["grype"]
    assert path_of(image).selectors == ("eu",)
    assert told(image) == [(True, "the step asks for a delegate with the tag eu")]


def test_tags_are_trimmed_and_lower_cased_and_each_counts_once(stage: Document, plan: Planner) -> None:
    text = stage("type: Run, spec: {image: a, delegateSelectors: [' EU ', eu, Linux]}")
    assert path_of(planned(plan(text))["s0"]).selectors == ("eu", "linux")


def test_a_tag_with_a_comma_is_taken_as_it_is_and_warned_about(stage: Document, plan: Planner) -> None:
    text = stage("type: Run, spec: {image: a, delegateSelectors: 'linux, eu'}")
    found = plan(text).stages[0]
    assert "the step asks for one delegate tag 'linux, eu'; for several tags write a list" in found.warnings
    assert not any("delegate tag" in text for text in plan(stage()).stages[0].warnings)


def test_steps_that_ask_for_different_delegates_do_not_share_an_image(stage: Document, plan: Planner) -> None:
    text = stage(
        "type: Run, spec: {image: a}",
        "type: Run, spec: {image: a, delegateSelectors: [eu]}",
        "type: Run, spec: {image: a, delegateSelectors: ' EU'}",
    )
    users = {path_of(image).selectors: image.need.used_by for image in planned(plan(text)).values()}
    assert users[("eu",)] == ("s1", "s2")
    assert "s0" in users[()]


def test_an_image_that_cannot_be_had_has_no_path(stage: Document, plan: Planner) -> None:
    image = plan(stage(infra="harnessImageConnectorRef: account.nobody")).stages[0].images[0]
    assert image.path is None
    assert told(image) == []


def test_a_used_infrastructure_does_not_bring_the_other_stages_selectors(plan: Planner) -> None:
    spec = "cloneCodebase: false, execution: {steps: []}"
    text = (
        "stages:\n"
        "  - stage: {identifier: a, type: CI, delegateSelectors: [eu], spec: {"
        "infrastructure: {type: KubernetesDirect, spec: {connectorRef: c, namespace: n}}, " + spec + "}}\n"
        "  - stage: {identifier: b, type: CI, spec: {infrastructure: {useFromStage: a}, " + spec + "}}\n"
    )
    first, second = plan(text).stages
    assert path_of(first.images[0]).selectors == ("eu",)
    assert path_of(second.images[0]).selectors == ()


def test_manifests_for_kubernetes_do_not_depend_on_the_path(
    plan: Planner, via: Callable[..., Connector], connect: Connect
) -> None:
    plain = replace(connect("via", "https://via.corp"), spec=via(delegates=False).spec)
    assert plain.spec.provider_type is ProviderType.OTHER
    without = render(plan(document(frozenset()), there=(plain,)).stages[0])
    assert render(plan(document(frozenset(GIVEN)), there=(via("connector"),)).stages[0]) == without
