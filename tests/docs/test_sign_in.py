"""The guide to signing in: what it tells to type works on a server that serves a browser on the same machine."""


def test_the_guide_to_signing_in(reader, page_of, root) -> None:
    reader.go_to_work()
    reader.environment["PIERHEAD_SESSION_COOKIE"] = "plain"
    reader.start(".venv/bin/pierhead up")
    reader.read(page_of(root / "docs/guides/sign-in.md"))
