"""What can be told about the pages without running anything: links lead somewhere, and nobody's desk shows through."""

import re
from collections.abc import Iterator

# Put together here, so that this file does not hold what no file may hold.
FORBIDDEN = tuple(
    "".join(parts) for parts in (("/wo", "rk/"), ("/tm", "p/"), ("/ro", "ot"), ("py", "pi."), ("npm", "js"))
)


def anchors(text: str) -> set[str]:
    """Of every heading, as Git forges make them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(text: str) -> Iterator[str]:
    prose = re.sub(r"^```.*?^```$|`[^`\n]*`", "", text, flags=re.MULTILINE | re.DOTALL)
    yield from re.findall(r"\]\(([^)\s]+)\)", prose)


def test_every_link_leads_to_a_page_and_every_anchor_to_a_heading(all_pages) -> None:
    broken = []
    for page in all_pages:
        for link in links(page.text):
            target, _, anchor = link.partition("#")
            path = (page.path.parent / target).resolve() if target else page.path
            if "://" in link or not path.exists() or (anchor and anchor not in anchors(path.read_text())):
                broken.append(f"{page.name}: {link}")
    assert broken == []


def test_every_page_can_be_reached_from_the_readme(all_pages) -> None:
    by_path = {page.path: page for page in all_pages}
    reached, ahead = set(), [all_pages[0]]
    while ahead:
        page = ahead.pop()
        reached.add(page.path)
        targets = [(page.path.parent / link.partition("#")[0]).resolve() for link in links(page.text)]
        targets += [path for folder in targets if folder.is_dir() for path in folder.glob("*.md")]
        ahead += [by_path[path] for path in targets if path in by_path and path not in reached]
    assert [page.name for page in all_pages if page.path not in reached] == []


def test_no_page_names_a_place_that_its_reader_does_not_have(all_pages) -> None:
    found = [f"{page.name}: {word}" for page in all_pages for word in FORBIDDEN if word in page.text]
    assert found == []


def test_lines_of_prose_fit_a_screen(all_pages) -> None:
    long = []
    for page in all_pages:
        made = page.text.startswith("<!-- Made by")
        prose = re.sub(r"^```.*?^```$", lambda found: "\n" * found[0].count("\n"), page.text, flags=re.M | re.S)
        for number, line in enumerate(prose.splitlines(), 1):
            if len(line) > 120 and not line.startswith("|") and not made:
                long.append(f"{page.name}:{number}")
    assert long == []


def test_every_block_that_could_be_typed_is_typed_or_says_why_not(all_pages) -> None:
    """Concepts and development notes are read, not followed, so their commands are marked as examples."""
    followed = ("README.md", "docs/tutorial/", "docs/guides/")
    loose = [
        f"{page.name}:{block.line}"
        for page in all_pages
        for block in page.blocks()
        if block.language in ("sh", "console") and not page.name.startswith(followed) and "example" not in block.words
    ]
    assert loose == []
