"""Measures Pierhead against skopeo and docker-registry in one run, and prints a table: ``make bench``.

Rows may be named: ``python -m bench pull big``. Figures go to ``bench/out/figures.json`` as well.
"""

import json
import sys
from pathlib import Path

from . import authorisation, copies, dispatch, mirrors, programs, pulls, runs, tag_lists
from .report import Figure, table
from .world import World

ROWS = {
    "pull": pulls.five_layers,
    "big": pulls.one_big_layer,
    "copy": copies.five_layers,
    "mirror": mirrors.ten_images,
    "far": mirrors.far_away,
    "idle": mirrors.nothing_to_do,
    "tags": mirrors.ten_thousand_tags,
    "lists": tag_lists.listed,
    "init": runs.twelve_images,
    "dispatch": dispatch.question,
    "authorisation": authorisation.check,
    "explain": programs.explain,
    "start": programs.start,
}


def main(wanted: list[str]) -> int:
    figures: list[Figure] = []
    with World() as world:
        for name in wanted or ROWS:
            print(f"measuring {name} ...", flush=True)
            figures += ROWS[name](world)
    print(table(figures))
    out = Path(__file__).with_name("out")
    out.mkdir(exist_ok=True)
    (out / "figures.json").write_text(json.dumps([figure.to_json() for figure in figures], indent=2))
    return 0 if all(figure.is_reached for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
