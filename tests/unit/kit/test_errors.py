import inspect

import pierhead.kit.errors as errors
from pierhead.kit.errors import CATEGORIES, AppError, category_of


def test_every_category_is_found_for_its_leaves() -> None:
    for category in CATEGORIES:
        leaf = type("LeafError", (category,), {})
        assert category_of(leaf("x")) is category


def test_codes_are_unique_and_every_category_is_drawn_in_the_docstring() -> None:
    assert len({category.code for category in CATEGORIES}) == len(CATEGORIES)
    drawn = inspect.getdoc(errors) or ""
    assert all(category.__name__ in drawn for category in CATEGORIES)


def test_an_error_of_no_category_is_only_an_app_error() -> None:
    assert category_of(AppError("x")) is AppError
