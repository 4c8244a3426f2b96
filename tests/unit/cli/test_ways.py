"""Images that a delegate pulled are not in this machine's layout, and nobody is told that they are."""

from typing import Any

from pierhead.cli.ways import ImagesElsewhereError, images_elsewhere, is_here


def image(reference: str, **more: object) -> dict[str, Any]:
    return {"reference": reference, "state": "pulled", "digest": "sha256:" + "ab" * 32, **more}


def run(*images: dict[str, Any]) -> dict[str, Any]:
    return {"stages": [{"identifier": "build", "images": list(images)}]}


def test_what_the_platform_pulled_is_here() -> None:
    assert is_here(image("a:1", delegate="platform"))
    assert is_here(image("a:1", delegate=None))
    assert images_elsewhere(run(image("a:1", delegate="platform"))) == []


def test_what_a_delegate_pulled_is_with_it() -> None:
    there = image("b:1", delegate="vault (vm)")
    failed = image("c:1", delegate="vault (vm)", state="failed")

    assert images_elsewhere(run(there, there, failed)) == [("b:1", "vault (vm)")]


def test_the_error_names_some_of_them_and_counts_the_rest() -> None:
    error = ImagesElsewhereError([(f"r{number}:1", "vault") for number in range(7)])

    assert "r0:1 with vault" in error.message
    assert "and 2 more" in error.message
