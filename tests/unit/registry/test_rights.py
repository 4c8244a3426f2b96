"""What a token says it allows: read as far as it makes sense, never believed."""

import base64
import json

from hypothesis import given
from hypothesis import strategies as st

from pierhead.registry.auth.scopes import scopes_to_ask
from pierhead.registry.rights import actions_in


def token(claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.c2ln"


def test_actions_of_the_repository_asked_about_are_found():
    claims = {
        "access": [
            {"type": "repository", "name": "team/tool", "actions": ["pull", "push"]},
            {"type": "repository", "name": "team/other", "actions": ["delete"]},
            {"type": "registry", "name": "team/tool", "actions": ["*"]},
        ]
    }
    assert actions_in(token(claims), "team/tool") == {"pull", "push"}
    assert actions_in(token(claims), "team/none") == frozenset()


def test_a_token_that_says_nothing_of_the_kind_tells_nothing():
    for text in (
        "",
        "opaque",
        "a.b.c",
        "a.%%.c",
        token([]),
        token({}),
        token({"access": "all"}),
        f"a.{'e' * 70_000}.c",
    ):
        assert actions_in(text, "team/tool") is None


@given(st.text(max_size=200) | st.binary(max_size=100).map(lambda raw: f"a.{base64.urlsafe_b64encode(raw).decode()}.c"))
def test_any_token_is_read_without_an_error(text):
    actions_in(text, "team/tool")


JSON = st.recursive(st.none() | st.text(max_size=5), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


@given(JSON)
def test_any_claims_are_read_without_an_error(claims):
    actions_in(token({"access": claims}), "team/tool")


def test_all_that_is_wanted_is_asked_for_where_it_includes_what_is_needed():
    wanted = ("repository:a:pull,push",)
    assert scopes_to_ask(wanted, ("repository:a:pull",)) == wanted
    assert scopes_to_ask(wanted, ("repository:a:push,pull",)) == wanted
    assert scopes_to_ask(wanted, ()) == wanted
    assert scopes_to_ask((), ("registry:catalog:*",)) == ("registry:catalog:*",)


def test_what_a_registry_needs_otherwise_is_what_is_asked_for():
    wanted = ("repository:a:pull",)
    for challenged in ("repository:a:pull,push", "repository:b:pull", "repository:a:metadata_read"):
        assert scopes_to_ask(wanted, (challenged,)) == (challenged,)
