"""Typed values out of nodes, and what refusals say."""

import pytest

from pierhead.control.pipelines import PipelineExpressionError, PipelineFieldError
from pierhead.control.pipelines.cursor import Cursor
from pierhead.control.pipelines.yaml_nodes import compose


def cursor(text: str) -> Cursor:
    node = compose(text)
    assert node is not None
    return Cursor(node)


@pytest.mark.parametrize(
    "text", ["ten", "10", "10 m", "-5m", "1.5h", "10m5", "m", "0s", "0h0m", "1000000000s", "5 minutes", "１０m", "10M"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(PipelineFieldError, match=r"initTimeout .line 1, column 14.: expected a duration"):
        cursor(f"initTimeout: {text}").optional("initTimeout", Cursor.duration_s)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("10m", 600), ("1h30m", 5400), ("1h 30m", 5400), ("90s", 90), ("2d", 172_800), ("1w", 604_800), ("1m1s", 61)],
)
def test_durations_are_seconds(text: str, seconds: float) -> None:
    assert cursor(f"t: {text}").need("t", "").duration_s() == seconds


@pytest.mark.parametrize("text", ["[a]", "{a: b}", "", "~", "''", "' '"])
def test_a_text_must_be_one_and_not_empty(text: str) -> None:
    with pytest.raises(PipelineFieldError, match="expected a text, found"):
        Cursor(compose(f"a: {text}").entries["a"]).text()  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["<+input>", "<+pipeline.name>", "'x<+stage.variables.tag>'", "<+input>.default(1)"])
def test_an_expression_where_a_value_is_needed_names_the_field(text: str) -> None:
    with pytest.raises(PipelineExpressionError, match=r"a.b .line 1, column 8.: .*a literal value is needed") as caught:
        cursor("a: {b: " + text + "}").need("a", "").find("b").text()  # type: ignore[union-attr]
    assert caught.value.place.path == "a.b"


@pytest.mark.parametrize(("text", "truth"), [("true", True), ("'false'", False), ("True", True), ("FALSE", False)])
def test_truths_are_true_and_false_in_any_case(text: str, truth: bool) -> None:
    assert cursor(f"a: {text}").need("a", "").truth() is truth


@pytest.mark.parametrize("text", ["yes", "on", "1", "[true]", "maybe"])
def test_other_texts_are_no_truths(text: str) -> None:
    with pytest.raises(PipelineFieldError, match="expected true or false"):
        cursor(f"a: {text}").need("a", "").truth()


@pytest.mark.parametrize("text", ["-1", "1.5", "0x10", "12345678901", "one", "²"])
def test_other_texts_are_no_numbers(text: str) -> None:
    with pytest.raises(PipelineFieldError, match="expected a whole number"):
        cursor(f"a: {text}").need("a", "").number()


def test_paths_name_indexes_and_quote_odd_keys() -> None:
    found = cursor("a: [x, {'kubernetes.io/arch': [1]}]").need("a", "").items()[1].need("kubernetes.io/arch", "")
    assert found.items()[0].path == "a[1]['kubernetes.io/arch'][0]"


def test_a_missing_key_is_told_at_the_mapping_that_lacks_it() -> None:
    with pytest.raises(PipelineFieldError) as caught:
        cursor("a:\n  b: 1\n").need("a", "").need("c", "a cat")
    assert str(caught.value) == "a.c (line 2, column 3): expected a cat, found nothing"


@pytest.mark.parametrize("text", ["a: 1", "a: [1]"])
def test_looking_into_what_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(PipelineFieldError, match="expected a mapping"):
        cursor(text).need("a", "").find("b")


def test_long_texts_are_cut_in_refusals() -> None:
    with pytest.raises(PipelineFieldError) as caught:
        cursor(f"a: {'x' * 5000}").need("a", "").number()
    assert len(caught.value.message) < 300


@pytest.mark.parametrize("text", ['"a\\nb"', '"a\\e[31mb"', '"a\\0"', '"\\u202eb"'])
def test_a_needed_text_has_one_line_and_no_control_characters(text: str) -> None:
    with pytest.raises(PipelineFieldError, match="found several lines or control characters"):
        cursor(f"a: {text}").need("a", "").text()


def test_what_is_shown_cannot_steer_a_terminal() -> None:
    assert cursor('a: "x\\e[31m\\ny"').need("a", "").shown() == "x�[31m�y"
    assert cursor("a:").entries()[0].shown() == ""


def test_a_text_may_be_taken_exactly_as_it_is() -> None:
    assert [each.verbatim() for each in cursor("a: ' x '\nb:\nc: |\n  y\n").entries()] == [" x ", "", "y\n"]
