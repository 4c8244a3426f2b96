import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pierhead.registry.endpoint import ProxySettings
from pierhead.registry.origin import Origin
from pierhead.registry.wire.proxy import proxy_for


def goes_direct(url: str, *no_proxy: str) -> bool:
    return proxy_for(Origin.of(url), ProxySettings("http://proxy.test:3128", no_proxy)) is None


@pytest.mark.parametrize(
    ("url", "entry", "direct"),
    [
        ("https://a.example.com", "example.com", True),
        ("https://a.example.com", ".example.com", True),
        ("https://a.example.com", "*.example.com", True),
        ("https://a.example.com", " A.Example.COM ", True),
        ("https://a.example.com", "a.example.com:443", True),
        ("https://a.example.com:5000", "a.example.com:5000", True),
        ("https://a.example.com:5000", "a.example.com:443", False),
        ("https://notexample.com", "example.com", False),
        ("https://a.example.com", "b.example.com", False),
        ("https://a.example.com", "*", True),
        ("https://a.example.com", "", False),
        ("https://a.example.com", ".", False),
        ("https://a.example.com", "*.", False),
        ("https://10.1.2.3", "10.0.0.0/8", True),
        ("https://10.1.2.3", "10.1.2.3", True),
        ("https://10.1.2.3", "3", False),
        ("https://11.1.2.3", "10.0.0.0/8", False),
        ("https://10.1.2.3", "nonsense/8", False),
        ("https://a.example.com", "10.0.0.0/8", False),
        ("https://[::1]:5000", "::1", True),
        ("https://[::1]:5000", "[::1]", True),
        ("https://[fd00::1]", "fd00::/8", True),
    ],
)
def test_no_proxy_entries_are_understood(url: str, entry: str, direct: bool) -> None:
    assert goes_direct(url, entry) is direct


@settings(deadline=None)
@given(st.text(max_size=30))
def test_any_no_proxy_entry_is_understood_somehow(entry: str) -> None:
    assert goes_direct("https://a.example.com", entry) in (True, False)
    assert goes_direct("https://10.1.2.3", entry) in (True, False)


def test_without_settings_there_is_no_proxy() -> None:
    assert proxy_for(Origin.of("https://a"), None) is None
