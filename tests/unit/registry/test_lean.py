"""The lean commands import the client: what it does not need for plain requests must not come along."""

import subprocess
import sys

import pytest

LATE = (
    "ssl",
    "email",
    "publicsuffixlist",
    "urllib.request",
    "http.client",
    "pydantic",
    "sqlalchemy",
    "click",
    "tempfile",
)


@pytest.mark.parametrize("module", LATE)
def test_importing_the_client_does_not_import(module: str) -> None:
    code = (
        f"import sys; import pierhead.registry.client, pierhead.registry.transport; sys.exit({module!r} in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-I", "-c", code], check=False).returncode == 0


def test_the_scripted_registry_needs_no_development_package() -> None:
    code = "import sys; sys.path = [p for p in sys.path if 'site-packages' not in p or p.endswith('src')]"
    assert (
        subprocess.run(
            [sys.executable, "-c", f"{code}\nimport pierhead.testing.scripted_registry"], check=False
        ).returncode
        == 0
    )
