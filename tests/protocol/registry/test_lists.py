"""Row 12 of the checklist: lists of tags and repositories, and the many ways to page through them."""

import itertools
import re
from collections.abc import Callable

import pytest

from pierhead.registry.client import RegistryClient
from pierhead.registry.context import Caps
from pierhead.registry.errors import (
    BadResponseError,
    BodyTooLargeError,
    NotOfferedError,
    RedirectRefusedError,
    RegistryDeniedError,
    RegistryUnauthenticatedError,
    RepositoryUnknownError,
)
from pierhead.registry.transport import Transport
from pierhead.testing.scripted_registry import Received, Reply, ScriptedRegistry

ClientOf = Callable[..., RegistryClient]
TAGS = "/v2/app/tags/list"


def page(*tags: object, link: str | None = None) -> Reply:
    return Reply.of_json({"name": "app", "tags": list(tags)}, headers={"Link": link} if link else {})


def listed(client: RegistryClient, page_size: int | None = None) -> list[str]:
    return [tag for tags in client.list_tags("app", page_size=page_size) for tag in tags]


def test_one_answer_has_all_tags_in_the_registrys_order(registry, client_of: ClientOf) -> None:
    registry.expect("GET", TAGS, page("b", "a", "10", "9"))
    assert listed(client_of(registry)) == ["b", "a", "10", "9"]


@pytest.mark.parametrize(
    "value", [{"name": "app", "tags": None}, {"name": "app", "tags": []}, {"tags": []}, {"name": "app"}]
)
def test_no_tags_is_an_empty_page(registry, client_of: ClientOf, value: object) -> None:
    registry.expect("GET", TAGS, Reply.of_json(value))
    assert list(client_of(registry).list_tags("app")) == [()]


def test_what_is_no_tag_is_left_out(registry, client_of: ClientOf) -> None:
    odd = [None, "", 7, ["x"], {"name": "y"}, "sha256:" + "0" * 64, "a b", "a\n", "-x", "x" * 129]
    registry.expect("GET", TAGS, page("ok", *odd, "v1.0_x-y"))
    assert listed(client_of(registry)) == ["ok", "v1.0_x-y"]


@pytest.mark.parametrize(
    "link",
    [
        '</v2/app/tags/list?last=b&n=2>; rel="next"',
        "</v2/app/tags/list?last=b&n=2>; rel=next",
        "</v2/app/tags/list?last=b&n=2>;rel='next'",
        '<{url}/v2/app/tags/list?last=b&n=2>; rel="next"',
        '<http://127.0.0.1/v2/app/tags/list?last=b&n=2>; rel="next"',
        '<https://127.0.0.1:9/v2/app/tags/list?last=b&n=2>; rel="next"',
        '</tags/list?last=b&n=2>; rel="next"',
        '<list?last=b&n=2>; rel="next"',
        '<?last=b&n=2>; rel="next"',
        '</v2/app/tags/list?last=b&n=2>; title="a;b, c"; rel="prev next"',
        '</x>; rel="first", </v2/app/tags/list?last=b&n=2>; rel="next"',
        '</v2/app/tags/list?last=b&n=2>; rel="next", </y>; rel="last"',
    ],
)
def test_links_of_many_makes_lead_to_the_same_page(registry, client_of: ClientOf, link: str) -> None:
    registry.expect("GET", TAGS, page("a", "b", link=link.replace("{url}", registry.url)))
    registry.expect("GET", f"{TAGS}?last=b&n=2", page("c"))
    assert list(client_of(registry).list_tags("app")) == [("a", "b"), ("c",)]


@pytest.mark.parametrize("query", ["last=b&n=2&orderby=", "next_page=gAAAAABk_x%3D%3D&n=50", "last=b%2Fc"])
def test_the_query_of_a_link_is_kept_as_it_is(registry, client_of: ClientOf, query: str) -> None:
    registry.expect("GET", TAGS, page("a", link=f'<{TAGS}?{query}>; rel="next"'))
    registry.expect("GET", f"{TAGS}?{query}", page("b"))
    assert listed(client_of(registry)) == ["a", "b"]


@pytest.mark.parametrize(
    "link", ["", "nonsense", "<>", "<x", f"<{TAGS}?last=a>", f'<{TAGS}?last=a>; rel="prev"', f'<{TAGS}>; rel="next"']
)
def test_a_link_that_leads_nowhere_ends_the_list(registry, client_of: ClientOf, link: str) -> None:
    registry.expect("GET", TAGS, page("a", link=link))
    assert listed(client_of(registry)) == ["a"]


@pytest.mark.parametrize("link", ["<http://evil.example/v2/app/tags/list?last=a>", "<//evil.example/x?last=a>"])
def test_a_link_to_another_host_is_refused(registry, client_of: ClientOf, link: str) -> None:
    registry.expect("GET", TAGS, page("a", link=f"{link}; rel=next"))
    with pytest.raises(RedirectRefusedError, match=r"evil\.example"):
        listed(client_of(registry))


def test_a_link_that_is_no_url_is_a_bad_response(registry, client_of: ClientOf) -> None:
    registry.expect("GET", TAGS, page("a", link="<ftp://127.0.0.1/x?last=a>; rel=next"))
    with pytest.raises(BadResponseError):
        listed(client_of(registry))


def test_the_last_tag_coming_again_on_the_next_page_is_one_tag(registry, client_of: ClientOf) -> None:
    registry.expect("GET", TAGS, page("a", "b", "a", link=f"<{TAGS}?last=b>; rel=next"))
    registry.expect("GET", f"{TAGS}?last=b", page("b", "c"))
    assert listed(client_of(registry)) == ["a", "b", "c"]


def test_a_page_that_leads_back_ends_by_a_named_error(registry, client_of: ClientOf) -> None:
    registry.whenever("GET", TAGS, page("a", link=f"<{TAGS}?last=a>; rel=next"))
    registry.whenever("GET", f"{TAGS}?last=a", page("b", link=f"<{TAGS}?last=b>; rel=next"))
    registry.whenever("GET", f"{TAGS}?last=b", page("c", link=f"<{TAGS}?last=a>; rel=next"))
    with pytest.raises(BadResponseError, match="do not end"):
        listed(client_of(registry))
    assert len(registry.requests) == 3


def test_pages_without_anything_new_do_not_go_on_for_ever(registry, client_of: ClientOf) -> None:
    count = itertools.count()
    registry.whenever(
        "GET", re.compile(re.escape(TAGS) + ".*"), lambda _: page("a", link=f"<{TAGS}?last=x{next(count)}>; rel=next")
    )
    with pytest.raises(BadResponseError, match="do not end"):
        listed(client_of(registry))
    assert len(registry.requests) == 2


def test_an_endless_list_ends_at_the_cap(registry: ScriptedRegistry, endpoint_of, clock) -> None:
    count = itertools.count()

    def more(_: Received) -> Reply:
        tags = [f"t{next(count)}" for _ in range(100)]
        return page(*tags, link=f"<{TAGS}?last={tags[-1]}>; rel=next")

    registry.whenever("GET", re.compile(re.escape(TAGS) + ".*"), more)
    with (
        Transport(clock, caps=Caps(list_entries=1000)) as transport,
        pytest.raises(BodyTooLargeError, match="1,000 entries"),
    ):
        listed(RegistryClient(endpoint_of(registry), transport))
    assert len(registry.requests) == 11


def test_pages_are_asked_for_as_they_are_wanted(registry, client_of: ClientOf) -> None:
    registry.expect("GET", TAGS, page("a", link=f"<{TAGS}?last=a>; rel=next"))
    assert next(client_of(registry).list_tags("app")) == ("a",)


@pytest.mark.parametrize("status", [400, 405])
def test_a_page_size_that_is_too_large_is_made_smaller(registry, client_of: ClientOf, status: int) -> None:
    registry.expect("GET", f"{TAGS}?n=5000", Reply(status)).expect("GET", f"{TAGS}?n=1000", Reply(status))
    registry.expect("GET", f"{TAGS}?n=100", page("a"))
    assert listed(client_of(registry), 5000) == ["a"]


def test_a_list_too_large_for_one_answer_is_paged(registry, client_of: ClientOf) -> None:
    registry.expect("GET", TAGS, Reply(200, b"[", length=2 << 20, is_last=True))
    registry.expect("GET", f"{TAGS}?n=1000", page("a", link=f"<{TAGS}?last=a&n=1000>; rel=next"))
    registry.expect("GET", f"{TAGS}?last=a&n=1000", page("b"))
    assert listed(client_of(registry)) == ["a", "b"]


def test_a_server_that_ignores_the_page_size_is_not_asked_twice(registry, client_of: ClientOf) -> None:
    registry.expect("GET", f"{TAGS}?n=2", page("a", "b", "c"))
    assert listed(client_of(registry), 2) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"tags":{}}', b'{"tags":"a"}', b'{"errors":[{"code":"X"}]}', b"\xff"]
)
def test_what_is_no_list_is_a_bad_response(registry, client_of: ClientOf, body: bytes) -> None:
    registry.expect("GET", TAGS, Reply(200, body))
    with pytest.raises(BadResponseError) as caught:
        listed(client_of(registry))
    assert caught.value.exchange.status == 200


def test_an_unknown_repository_has_a_name(registry, client_of: ClientOf) -> None:
    registry.expect("GET", TAGS, Reply(404))
    with pytest.raises(RepositoryUnknownError):
        listed(client_of(registry))


def test_a_failure_on_a_later_page_is_raised_there(registry, client_of: ClientOf) -> None:
    registry.expect("GET", TAGS, page("a", link=f"<{TAGS}?last=a>; rel=next"))
    registry.expect("GET", f"{TAGS}?last=a", Reply.error(403, "DENIED", "sign in to page further"))
    pages = client_of(registry).list_tags("app")
    assert next(pages) == ("a",)
    with pytest.raises(RegistryDeniedError, match="sign in"):
        next(pages)


def test_repositories_are_listed_with_the_scope_for_it(registry, client_of: ClientOf) -> None:
    registry.expect("GET", "/v2/_catalog", Reply.challenge(f'Bearer realm="{registry.url}/token",service="x"'))
    registry.expect("GET", "/token?service=x&scope=registry:catalog:*", Reply.of_json({"token": "t"}))
    registry.expect("GET", "/v2/_catalog", Reply.of_json({"repositories": ["a", "b/c", "../x", None]}))
    assert list(client_of(registry).list_repositories()) == [("a", "b/c")]


@pytest.mark.parametrize("status", [404, 405])
def test_a_registry_that_lists_no_repositories_says_so(registry, client_of: ClientOf, status: int) -> None:
    registry.whenever("GET", re.compile(r"/v2/_catalog.*"), Reply(status))
    with pytest.raises(NotOfferedError):
        list(client_of(registry).list_repositories())


def test_a_catalog_for_known_users_only_is_refused_to_others(registry, client_of: ClientOf) -> None:
    registry.expect("GET", "/v2/_catalog", Reply.challenge('Basic realm="x"'))
    with pytest.raises(RegistryUnauthenticatedError):
        list(client_of(registry).list_repositories())
