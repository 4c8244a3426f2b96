"""What the guide to mirrors tells its readers to type works, and prints what it says."""

import importlib.util
from typing import Any

from pierhead.testing.fake_registry import FakeRegistry, TokenLogin

PASSWORD = "a-token-of-no-value"


def test_the_guide_to_mirrors(reader: Any, page_of: Any, root: Any) -> None:
    spec = importlib.util.spec_from_file_location("tutorial_registry", root / "docs/tutorial/registry.py")
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    reader.go_to_work()
    (reader.home / "own-token.txt").write_text(PASSWORD)
    with FakeRegistry() as source, FakeRegistry(TokenLogin({"builder": PASSWORD})) as target:
        module.fill(source)
        reader.start(".venv/bin/pierhead up")
        reader.names = {
            "https://hub.example.com": source.url,
            "https://registry.example.com": target.url,
            "hub.example.com": source.host,
            "registry.example.com": target.host,
        }
        reader.read(page_of(root / "docs/guides/mirror-images.md"))
