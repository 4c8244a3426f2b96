import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.delegate.allow_list import AllowList
from pierhead.delegate.errors import DelegateSettingError, RegistryNotAllowedError
from pierhead.protocol.tasks import CopyImage, CopyTask, ListTagsTask, PullImage, PullTask, RegistryAccess
from pierhead.registry.origin import Origin


@pytest.mark.parametrize(
    ("pattern", "url", "is_allowed"),
    [
        ("registry.corp", "https://registry.corp", True),
        ("registry.corp", "https://REGISTRY.corp:443", True),
        ("REGISTRY.corp", "https://registry.corp", True),
        ("registry.corp", "http://registry.corp", True),
        ("registry.corp", "https://registry.corp:5000", False),
        ("registry.corp", "https://xregistry.corp", False),
        ("registry.corp", "https://registry.corp.evil", False),
        ("registry.corp:5000", "https://registry.corp:5000", True),
        ("registry.corp:5000", "https://registry.corp", False),
        ("registry.corp:*", "https://registry.corp:5000", True),
        ("*.corp", "https://a.corp", True),
        ("*.corp", "https://a.b.corp", True),
        ("*.corp", "https://corp", False),
        ("*.corp", "https://acorp", False),
        ("reg.*.corp", "https://reg.eu.corp", True),
        ("reg.*.corp", "https://reg.eu.west.corp", False),
        ("*", "https://anything.example", True),
        ("*", "https://anything.example:5000", False),
        ("*:*", "https://anything.example:5000", True),
        ("127.0.0.1:*", "http://127.0.0.1:9", True),
        ("[::1]:5000", "http://[::1]:5000", True),
        ("[::1]:5000", "http://[::2]:5000", False),
        ("*.0.0.1", "https://127.0.0.1", True),
        ("docker.io", "https://registry-1.docker.io", True),
        ("registry-1.docker.io", "https://registry-1.docker.io", True),
        ("docker.io", "https://auth.docker.io", True),
        ("docker.io", "http://auth.docker.io:5000", False),
        ("docker.io:5000", "https://auth.docker.io", False),
        ("docker.io", "https://evil.docker.io", False),
        ("docker.io", "https://storage-of-docker.example", False),
        ("index.docker.io", "https://registry-1.docker.io", True),
        ("registry-1.docker.io", "https://auth.docker.io", False),
        ("docker.io", "https://docker.io.evil", False),
    ],
)
def test_what_a_pattern_allows(pattern: str, url: str, is_allowed: bool) -> None:
    assert AllowList((pattern,)).allows(Origin.of(url)) is is_allowed


def test_no_patterns_allow_everything() -> None:
    assert AllowList().allows(Origin.of("https://anything.example:1"))


@pytest.mark.parametrize(
    "pattern", ["", "a b", "https://x", "x/y", "**.corp", "a*.corp", "x:99999999", ".corp", "x:", "é"]
)
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(DelegateSettingError):
        AllowList((pattern,))


def access(url: str) -> RegistryAccess:
    return RegistryAccess(url=url)


def test_every_registry_of_a_task_is_looked_at() -> None:
    only = AllowList(("good.corp",))
    good, bad = access("https://good.corp"), access("https://bad.corp")
    copies = CopyTask(
        images=(
            CopyImage(key="a", source="s", target="t", from_registry=good, to_registry=bad),
            CopyImage(key="b", source="s", target="t", from_registry=access("https://worse.corp"), to_registry=good),
        )
    )
    assert tuple(only.refused(copies)) == ("https://bad.corp", "https://worse.corp")
    pull = PullTask(images=(PullImage(key="k", reference="bad.corp/a:1", registry=good),))
    assert only.refused(pull) == {}
    assert tuple(only.refused(ListTagsTask(registry=bad, repository="a"))) == ("https://bad.corp",)


@pytest.mark.parametrize(("no_proxy", "is_refused"), [((), True), (("good.corp",), False), (("other.corp",), True)])
def test_a_proxy_of_the_task_must_be_on_the_list_where_it_is_used(no_proxy: tuple[str, ...], is_refused: bool) -> None:
    behind = RegistryAccess(url="https://good.corp", proxy_url="http://u:s3cret@proxy.evil:3128", no_proxy=no_proxy)
    refused = AllowList(("good.corp",)).refused(ListTagsTask(registry=behind, repository="a"))
    assert list(refused) == (["https://good.corp"] if is_refused else [])
    assert all("proxy.evil:3128" in why and "s3cret" not in why for why in refused.values())
    assert AllowList(("good.corp", "proxy.evil:3128")).refused(ListTagsTask(registry=behind, repository="a")) == {}


def test_docker_hub_is_refused_by_the_name_it_was_asked_by() -> None:
    refused = AllowList(("a.corp",)).refused(ListTagsTask(registry=access("https://docker.io"), repository="a"))
    assert list(refused) == ["https://docker.io"]
    assert "registry-1.docker.io:443" in refused["https://docker.io"]


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://a.b", "a.b:443"),
        ("http://a.b", "a.b:80"),
        ("https://[::1]:5", "[::1]:5"),
        ("http://1.2.3.4:7", "1.2.3.4:7"),
    ],
)
def test_the_refusal_names_what_to_add_and_that_does_help(url: str, place: str) -> None:
    with pytest.raises(RegistryNotAllowedError) as caught:
        AllowList(("x.corp",)).check(Origin.of(url))
    assert caught.value.message.startswith(f"{place} ")
    assert f"--allow-registry {place} " in caught.value.hint
    AllowList((caught.value.place,)).check(Origin.of(url))


@pytest.mark.parametrize(
    "url", ["", "http://good.corp@bad.corp", "https://good.corp\\@bad", "ftp://good.corp", "https://good.corp/v1/"]
)
def test_a_registry_whose_url_cannot_be_read_is_refused(url: str) -> None:
    assert tuple(AllowList(("good.corp",)).refused(ListTagsTask(registry=access(url), repository="a"))) == (url,)


@given(st.text("ab.*:0[]", max_size=12), st.sampled_from(["https://a.b", "https://b:10", "http://[::1]:80"]))
def test_no_pattern_makes_the_list_fail(pattern: str, url: str) -> None:
    try:
        allowed = AllowList((pattern,))
    except DelegateSettingError:
        return
    allowed.allows(Origin.of(url))
