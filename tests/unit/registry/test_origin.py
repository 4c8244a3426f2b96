import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierhead.registry.errors import InvalidUrlError
from pierhead.registry.origin import Origin, Url


@pytest.mark.parametrize(
    ("text", "origin", "target"),
    [
        ("https://Registry.Example.COM", "https://registry.example.com", "/"),
        ("HTTPS://registry.example.com:443/", "https://registry.example.com", "/"),
        ("http://registry.example.com:80/v2/?a=b#c", "http://registry.example.com", "/v2/?a=b"),
        ("https://registry.example.com:5000/x", "https://registry.example.com:5000", "/x"),
        ("https://registry.example.com.", "https://registry.example.com", "/"),
        ("https://registry.example.com:", "https://registry.example.com", "/"),
        ("http://localhost?x", "http://localhost", "/?x"),
        ("http://my_host", "http://my_host", "/"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000", "/"),
        ("http://[::1]:5000/a", "http://[::1]:5000", "/a"),
        ("https://[2001:DB8:0:0::1]", "https://[2001:db8::1]", "/"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example", "/"),
    ],
)
def test_urls_are_read_into_one_spelling(text: str, origin: str, target: str) -> None:
    url = Url.parse(text)
    assert (str(url.origin), url.target) == (origin, target)
    assert Url.parse(str(url)) == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "registry.example.com",
        "//registry",
        "ftp://x",
        "file:///etc/passwd",
        "gopher://x",
        "http+unix://x",
        "data:,x",
        "javascript:alert(1)",
        "http:x",
        "http:/x",
        "http://",
        "http:///x",
        "http://?x",
        "http://#",
        "http://:80",
        "http://user@x",
        "http://user:pw@x",
        "http://@x",
        "http://x@",
        "http://a b",
        "http://a\tb",
        "http://a\nb",
        "http://a\x00",
        "http://x/\r\nHost: y",
        "http://x/ y",
        "http://x\\y",
        "http://\u0430pple.com",
        "http://x\u3002y",
        "http://%6cocalhost",
        "http://x:0",
        "http://x:65536",
        "http://x:99999999",
        "http://x:-1",
        "http://x:+1",
        "http://x:1a",
        "http://x:\u0661",
        "http://-a",
        "http://a-",
        "http://a..b",
        "http://.a",
        "http://a.-b",
        "http://" + "a" * 64,
        "http://" + "a." * 130 + "a",
        "http://127.1",
        "http://2130706433",
        "http://0x7f.0.0.1",
        "http://0x7f000001",
        "http://017700000001",
        "http://0177.0.0.1",
        "http://127.0.0.01",
        "http://127.0.0.256",
        "http://1.2.3.4.5",
        "http://0",
        "http://1",
        "http://a.1",
        "http://[::1",
        "http://::1",
        "http://[::1]x",
        "http://[x]",
        "http://[]",
        "http://[fe80::1%25eth0]",
        "http://[fe80::1%eth0]",
        "http://[::ffff:1.2.3.4.5]",
        "http://[v1.x]",
        "http://[[::1]]",
        "http://x" + "/" * 9000,
        'http://x/"',
        "http://x/<",
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidUrlError):
        Url.parse(text)


def test_a_refusal_does_not_repeat_a_password() -> None:
    with pytest.raises(InvalidUrlError) as caught:
        Url.parse("https://ann:s3cret@registry.example.com/")
    assert "s3cret" not in str(caught.value)
    assert "ann" not in str(caught.value)


@pytest.mark.parametrize(
    ("base", "reference", "expected"),
    [
        ("https://a/b/c?d", "e", "https://a/b/e"),
        ("https://a/b/c?d", "/e?f#g", "https://a/e?f"),
        ("https://a/b/c?d", "?e", "https://a/b/c?e"),
        ("https://a/b/c?d", "../e", "https://a/e"),
        ("https://a/b/c?d", "../../../e", "https://a/e"),
        ("https://a/b/c?d", "//e/f", "https://e/f"),
        ("https://a/b/c?d", "http://e:81/f", "http://e:81/f"),
        ("https://a/b/c?d", "", "https://a/b/c?d"),
        ("https://a/b/c?d", "HTTP://E", "http://e/"),
    ],
)
def test_references_are_meant_from_where_they_stand(base: str, reference: str, expected: str) -> None:
    assert str(Url.parse(base).join(reference)) == expected


@settings(deadline=None)
@given(st.text())
def test_any_text_is_a_url_or_refused(text: str) -> None:
    for written in (text, f"http://{text}", f"https://x/{text}"):
        try:
            url = Url.parse(written)
        except InvalidUrlError:
            continue
        assert url.target.startswith("/")
        assert Url.parse(str(url)) == url


@settings(deadline=None)
@given(st.text(alphabet=string.printable + "é\u3002", max_size=40))
def test_any_reference_leads_to_a_plain_url_or_is_refused(text: str) -> None:
    try:
        url = Url.parse("https://registry.example.com/v2/").join(text)
    except InvalidUrlError:
        return
    assert url.origin.scheme in ("http", "https")
    assert "\r" not in url.target
    assert "\n" not in url.target
    assert " " not in url.target


@settings(deadline=None)
@given(st.text(alphabet="0123456789.xabcdef:[]%", max_size=20))
def test_any_text_like_an_address_has_one_spelling_or_is_refused(text: str) -> None:
    try:
        origin = Origin.at("http", text)
    except InvalidUrlError:
        return
    assert Origin.of(str(origin)) == origin


def test_origins_differ_by_scheme_host_and_port() -> None:
    origins = ["http://a", "https://a", "http://a:443", "https://a:444", "https://a.b"]
    assert len({Origin.of(text) for text in origins}) == 5
    assert Origin.of("https://A:443/x") == Origin.of("https://a")
