"""Reads ``delegateSelectors``, a tag of delegates or a list of them, wherever a pipeline may have them.

Which of several readings counts, and which delegates have a tag, is not known here.
"""

from typing import Final

from .cursor import Cursor

KEY: Final = "delegateSelectors"
_EXPECTED: Final = "a tag of delegates, or a list of tags"
_MOST: Final = 100
_LONGEST: Final = 128


def read_selectors(owner: Cursor) -> tuple[str, ...]:
    """The tags as written; empty when there are none. Raises PipelineFieldError, PipelineExpressionError."""
    return owner.optional(KEY, _selectors) or ()


def _selectors(field: Cursor) -> tuple[str, ...]:
    items = [field] if field.is_scalar else field.items(_EXPECTED)
    if len(items) > _MOST:
        raise field.wrong(f"at most {_MOST} tags of delegates", f"{len(items)}")
    return tuple(_selector(item) for item in items)


def _selector(item: Cursor) -> str:
    text = item.text("a tag of delegates")
    if len(text) > _LONGEST:
        raise item.wrong(f"a tag of delegates of at most {_LONGEST} characters")
    return text
