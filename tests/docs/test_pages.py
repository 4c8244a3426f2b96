"""What the README, the tutorial and the guides tell their readers to type works, and prints what they say."""

import importlib.util
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import trustme

from pierhead.testing.fake_registry import BasicLogin, FakeRegistry, TokenLogin

USER, PASSWORD = "builder", "a-token-of-no-value"
SERVER = ".venv/bin/pierhead up"
Names = Mapping[str, str]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def fill(root: Path) -> Callable[[FakeRegistry], None]:
    """What fills the tutorial's registry fills these as well."""
    spec = importlib.util.spec_from_file_location("tutorial_registry", root / "docs/tutorial/registry.py")
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.fill


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial/first-pipeline.md"])
def test_the_first_steps_work_on_a_checkout_and_nothing_else(reader, page_of, root, page) -> None:
    reader.read(page_of(root / page))


def test_what_make_demo_runs_does_run(reader, root) -> None:
    recipe = re.search(r"^demo:.*\n\t@?(.+)$", (root / "Makefile").read_text(), re.MULTILINE)
    assert recipe is not None
    reader.do(recipe[1].replace("$(BIN)", ".venv/bin"))


@pytest.mark.parametrize("guide", ["end-of-life", "secret-managers", "rotate-encryption-keys"])
def test_a_guide_that_needs_nothing_but_a_data_directory(reader, page_of, root, guide) -> None:
    reader.go_to_work()
    reader.do("pierhead secret list")
    reader.read(page_of(root / f"docs/guides/{guide}.md"))


def test_the_guide_to_a_private_registry(reader, page_of, root, stack, fill) -> None:
    reader.go_to_work()
    reader.names = company_registry(reader.home, stack, fill)
    reader.start(SERVER)
    reader.read(page_of(root / "docs/guides/private-registry.md"))


@pytest.mark.parametrize("guide", ["stage-override", "pin-versions", "releases", "kubernetes-pull-secrets"])
def test_a_guide_on_a_connector_with_a_login(reader, page_of, root, stack, fill, guide) -> None:
    reader.go_to_work()
    registry = stack.enter_context(FakeRegistry(BasicLogin({USER: PASSWORD})))
    fill(registry)
    if guide != "kubernetes-pull-secrets":  # which needs the data directory to itself
        reader.start(SERVER)
    login = "{type: UsernamePassword, spec: {username: builder, passwordRef: account.mirrorToken}}"
    reader.do(f"printf {PASSWORD} | pierhead secret apply mirrorToken --from-stdin")
    reader.do(f"echo '{connector(registry.url, login)}' | pierhead connector apply -f -")
    reader.names = {"registry.example.com": registry.host}
    reader.read(page_of(root / f"docs/guides/{guide}.md"))


def test_the_guide_to_rate_limits(reader, page_of, root, stack, fill) -> None:
    reader.go_to_work()
    registry = stack.enter_context(FakeRegistry(rate_limit=9))
    registry.rate.retry_after = "21600"
    fill(registry)
    reader.start(SERVER)
    reader.do(f"echo '{connector(registry.url)}' | pierhead connector apply -f -")
    reader.names = {"registry.example.com": registry.host}
    reader.read(page_of(root / "docs/guides/rate-limits.md"))


def test_the_guide_to_delegates(reader, page_of, root, stack, fill) -> None:
    reader.go_to_work()
    reader.environment["PATH"] = f"{reader.home}/.venv/bin:{reader.environment['PATH']}"  # of the other terminal
    registry = stack.enter_context(FakeRegistry())
    fill(registry)
    reader.start(SERVER)
    out, _, _ = reader.type("pierhead whoami 2>/dev/null; cat ~/.local/share/pierhead/server.json")
    url = re.search(r'"url": "([^"]+)"', out)
    assert url is not None
    reader.names = {
        "https://pierhead.example.com": url[1],
        "https://registry.example.com": registry.url,
        "your-host": socket.gethostname(),
        "--tag linux": "--tag linux 2>&1",
    }
    reader.read(page_of(root / "docs/guides/delegates.md"))


def test_the_guide_to_troubleshooting(reader, page_of, root) -> None:
    reader.go_to_work()
    reader.names = {"/home/you": str(reader.home)}
    reader.read(page_of(root / "docs/guides/troubleshooting.md"))


def connector(url: str, auth: str = "{type: Anonymous}") -> str:
    """The connector ``mirror``, in one line; it is not tested before the page says so."""
    spec = f"{{dockerRegistryUrl: {url}, providerType: Other, auth: {auth}, ignoreTestConnection: true}}"
    return f"{{connector: {{identifier: mirror, name: mirror, type: DockerRegistry, spec: {spec}}}}}"


def company_registry(home: Path, stack: ExitStack, fill: Callable[[FakeRegistry], None]) -> Names:
    """A registry with a company's certificate, whose tokens come from another host; the reader has both files."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    login = TokenLogin({USER: PASSWORD})
    registry, tokens = (stack.enter_context(FakeRegistry(login, tls=context)) for _ in range(2))
    fill(registry)
    registry.door = tokens.door
    (home / "company-ca.pem").write_bytes(authority.cert_pem.bytes())
    (home / "mirror-token.txt").write_text(PASSWORD + "\n")
    return {"registry.example.com": registry.host, "auth.example.net": tokens.host}
