"""`python docs/generate` writes the reference pages; with `--check` it says which are out of date, and writes none."""

import sys
from pathlib import Path

import catalogue_page
import cause_page
import cli_page
import error_page
import http_page

REFERENCE = Path(__file__).resolve().parent.parent / "reference"
PAGES = {
    "catalogue.md": catalogue_page.build,
    "causes.md": cause_page.build,
    "cli.md": cli_page.build,
    "errors.md": error_page.build,
    "http-api.md": http_page.build,
}


def main(argv: list[str]) -> int:
    stale = [name for name, build in PAGES.items() if _written(REFERENCE / name) != build()]
    for name in stale:
        if "--check" not in argv:
            (REFERENCE / name).write_text(PAGES[name]())
        sys.stdout.write(f"docs/reference/{name}\n")
    return int("--check" in argv and bool(stale))


def _written(path: Path) -> str:
    return path.read_text() if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
