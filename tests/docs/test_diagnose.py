"""The guide to diagnoses is typed, and where the remedies of causes lead is there."""

import importlib.util
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pierhead.control.diagnosis import cause_table
from pierhead.testing.fake_registry import FakeRegistry

CONNECTOR = """\
connector:
  identifier: mirror
  name: mirror
  type: DockerRegistry
  spec:
    {{dockerRegistryUrl: "{url}", providerType: Other, auth: {{type: Anonymous}}, executeOnDelegate: false,
      allowPrivateAddresses: true}}
"""


def test_the_guide_is_typed_as_it_stands(reader, page_of, root: Path) -> None:
    spec = importlib.util.spec_from_file_location("tutorial_registry", root / "docs/tutorial/registry.py")
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with ExitStack() as stack:
        registry = stack.enter_context(FakeRegistry())
        module.fill(registry)
        reader.go_to_work()
        (reader.home / "mirror.yaml").write_text(CONNECTOR.format(url=registry.url))
        reader.do("pierhead connector apply -f ~/mirror.yaml")
        reader.names = {"registry.example.com": registry.host}
        reader.read(page_of(root / "docs/guides/diagnose.md"))


def test_every_page_that_a_cause_leads_to_is_there(root: Path) -> None:
    from .test_text import anchors

    broken = []
    for cause in cause_table().causes:
        for link in cause.docs:
            page, _, anchor = link.partition("#")
            path = root / "docs" / page
            if not path.exists() or (anchor and anchor not in anchors(path.read_text())):
                broken.append(f"{cause.code}: {link}")
    assert broken == []
