"""What is left for another attempt: small enough, and never trusted."""

import json

from hypothesis import given
from hypothesis import strategies as st

from pierhead.worker.copying.checkpoint import MAX_BYTES, UploadBook

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def book(left=None):
    told = []
    made = UploadBook(left, lambda: told.append(1))
    return made, told


@given(st.dictionaries(st.text(max_size=8), ANY_JSON, max_size=4), ANY_JSON)
def test_any_document_is_read_as_far_as_it_makes_sense(document, uploads):
    for left in (document, {"version": 1, "uploads": uploads}):
        made, _ = book(left)
        made.left_over("x")
        json.dumps(made.document())


@given(st.lists(st.tuples(st.text(max_size=300), st.text(max_size=4000), st.integers(0, 1 << 40)), max_size=30))
def test_it_never_grows_over_its_cap(uploads):
    made, _ = book()
    for key, url, offset in uploads:
        made.note(key, url, offset)
    assert len(json.dumps(made.document())) <= MAX_BYTES


def test_the_uploads_with_the_most_bytes_are_kept():
    made, _ = book()
    for n in range(30):
        made.note(f"key-{n}", "u" * 2000, n)
    kept = made.document()["uploads"]
    assert set(kept) == {f"key-{n}" for n in range(30 - len(kept), 30)}


def test_what_nobody_asked_for_yet_is_passed_on():
    first, _ = book()
    first.note("a", "http://x/1", 5)
    second, told = book(first.document())
    second.note("b", "http://x/2", 6)
    assert set(second.document()["uploads"]) == {"a", "b"}
    assert second.left_over("a") == "http://x/1"
    assert second.left_over("a") is None
    second.forget("b")
    second.forget("b")
    assert second.document() == {"version": 1, "uploads": {}}
    assert len(told) == 2
