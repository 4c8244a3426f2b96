"""What the guide to artifact sources tells its readers to type works, and prints what it says."""

import importlib.util
from typing import Any

from pierhead.testing.fake_registry import FakeRegistry


def test_the_guide_to_artifact_sources(reader: Any, page_of: Any, root: Any) -> None:
    spec = importlib.util.spec_from_file_location("tutorial_registry", root / "docs/tutorial/registry.py")
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    reader.go_to_work()
    with FakeRegistry() as registry:
        module.fill(registry)
        reader.start(".venv/bin/pierhead up")
        auth = "auth: {type: Anonymous}, ignoreTestConnection: true, executeOnDelegate: false"
        where = f"{{dockerRegistryUrl: {registry.url}, providerType: Other, {auth}}}"
        document = f"{{connector: {{identifier: mirror, name: mirror, type: DockerRegistry, spec: {where}}}}}"
        reader.do(f"echo '{document}' | pierhead connector apply -f -")
        reader.names = {"registry.example.com": registry.host}
        reader.read(page_of(root / "docs/guides/artifact-sources.md"))
