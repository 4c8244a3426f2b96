"""``delegateSelectors``: where a pipeline may have them, what they may be, what is refused."""

from collections.abc import Callable

import pytest

from pierhead.control.pipelines import Pipeline, PipelineExpressionError, PipelineFieldError, Step, parse_pipeline

INFRA = "infrastructure: {type: KubernetesDirect, spec: {connectorRef: c, namespace: n}}"
AT = "stages[0].stage.spec.execution.steps[0]"


def read(steps: str = "[]", *, stage: str = "", pipeline: str = "") -> Pipeline:
    spec = f"{INFRA}, execution: {{steps: {steps}}}"
    return parse_pipeline(f"stages: [{{stage: {{identifier: b, type: CI, spec: {{{spec}}}{stage}}}}}]\n{pipeline}\n")


def steps_of(steps: str) -> tuple[Step, ...]:
    return read(steps).stages[0].steps


def run_step(identifier: str, spec: str = "", more: str = "") -> str:
    return f"{{step: {{identifier: {identifier}, type: Run, spec: {{image: a{spec}}}{more}}}}}"


WHERE: dict[str, tuple[Callable[[str], Pipeline], str]] = {
    "pipeline": (lambda text: read(pipeline=f"delegateSelectors: {text}"), "delegateSelectors"),
    "stage": (lambda text: read(stage=f", delegateSelectors: {text}"), "stages[0].stage.delegateSelectors"),
    "group": (
        lambda text: read(f"[{{stepGroup: {{identifier: g, steps: [], delegateSelectors: {text}}}}}]"),
        f"{AT}.stepGroup.delegateSelectors",
    ),
    "step": (
        lambda text: read(f"[{run_step('s', more=f', delegateSelectors: {text}')}]"),
        f"{AT}.step.delegateSelectors",
    ),
    "step's spec": (
        lambda text: read(f"[{run_step('s', f', delegateSelectors: {text}')}]"),
        f"{AT}.step.spec.delegateSelectors",
    ),
}


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize(
    ("text", "expected", "below"),
    [
        ("{a: b}", "a tag of delegates, or a list of tags, found a mapping", ""),
        ("[[a]]", "a tag of delegates, found a list", "[0]"),
        ("[a, '']", "a tag of delegates, found an empty text", "[1]"),
        ("[~]", "a tag of delegates, found nothing", "[0]"),
        ('["a\\nb"]', "a tag of delegates, found several lines or control characters", "[0]"),
        (f"[{'x' * 129}]", "a tag of delegates of at most 128 characters", "[0]"),
        (f"[{', '.join(['x'] * 101)}]", "at most 100 tags of delegates, found 101", ""),
    ],
)
def test_what_is_no_list_of_tags_is_refused_by_path(where: str, text: str, expected: str, below: str) -> None:
    given, path = WHERE[where]
    with pytest.raises(PipelineFieldError, match="expected ") as caught:
        given(text)
    assert caught.value.place.path == path + below
    assert expected in str(caught.value)


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize(("text", "below"), [("<+input>", ""), ("[a, <+pipeline.variables.x>]", "[1]")])
def test_an_expression_is_refused_for_only_a_run_of_the_platform_knows_its_value(
    where: str, text: str, below: str
) -> None:
    given, path = WHERE[where]
    with pytest.raises(PipelineExpressionError) as caught:
        given(text)
    assert caught.value.place.path == path + below


@pytest.mark.parametrize(
    ("text", "selectors"),
    [("linux", ("linux",)), ("[Linux, ' eu ']", ("Linux", "eu")), ("[]", ()), ("''", ()), ("~", ()), ("", ())],
)
def test_one_text_or_a_list_is_read_and_an_empty_one_is_as_good_as_none(text: str, selectors: tuple[str, ...]) -> None:
    assert WHERE["pipeline"][0](text).selectors == selectors
    assert WHERE["stage"][0](text).stages[0].selectors == selectors
    assert WHERE["step"][0](text).stages[0].steps[0].selectors == selectors
    assert WHERE["step's spec"][0](text).stages[0].steps[0].selectors == selectors


def test_the_pipeline_may_have_them_beside_its_stages_below_pipeline_too() -> None:
    stage = f"stage: {{identifier: b, type: CI, spec: {{{INFRA}, execution: {{steps: []}}}}}}"
    text = f"pipeline:\n  delegateSelectors: [a]\n  stages: [{{{stage}}}]\n"
    assert parse_pipeline(text).selectors == ("a",)


def test_a_group_lends_its_tags_to_the_steps_in_it_and_the_innermost_that_has_any_counts() -> None:
    inner = f"{{stepGroup: {{identifier: i, delegateSelectors: [in], steps: [{run_step('b')}]}}}}"
    plain = f"{{stepGroup: {{identifier: p, steps: [{run_step('c', ', delegateSelectors: own')}]}}}}"
    beside = f"{{parallel: [{run_step('d')}]}}"
    within = f"[{run_step('a')}, {inner}, {plain}, {beside}]"
    outer = f"{{stepGroup: {{identifier: o, delegateSelectors: [out], steps: {within}}}}}"
    read_steps = {step.path: (step.selectors, step.group_selectors) for step in steps_of(f"[{outer}, {run_step('e')}]")}
    assert read_steps == {
        "o.a": ((), ("out",)),
        "o.i.b": ((), ("in",)),
        "o.p.c": (("own",), ("out",)),
        "o.d": ((), ("out",)),
        "e": ((), ()),
    }


def test_what_needs_no_image_is_not_read(stage: Callable[..., str]) -> None:
    skipped = (
        "stages: [{stage: {identifier: d, type: Deployment, delegateSelectors: <+input>}}]\ndelegateSelectors: 7\n"
    )
    assert parse_pipeline(skipped).selectors == ()
    assert steps_of("[{step: {identifier: s, type: Approval, spec: {delegateSelectors: {a: b}}}}]")[0].selectors == ()
    assert steps_of("[{step: {identifier: s, type: Barrier, spec: {delegateSelectors: {a: b}}}}]")[0].selectors == ()
