"""Guides that need a server and nothing else: what they tell to type works, and prints what they say."""

import pytest

SERVER = ".venv/bin/pierhead up"


@pytest.mark.parametrize("guide", ["apply-a-directory", "backup", "organizations", "keys", "roles", "audit"])
def test_a_guide_on_a_server_alone(reader, page_of, root, guide) -> None:
    reader.go_to_work()
    reader.start(SERVER)
    reader.read(page_of(root / f"docs/guides/{guide}.md"))
