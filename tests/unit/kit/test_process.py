"""A program that holds secrets leaves no core file, and no file that others can read."""

import subprocess
import sys

_PROGRAM = """
import os, resource
from pathlib import Path
from pierhead.kit.process import keep_private
keep_private()
Path("made").write_text("x")
print(resource.getrlimit(resource.RLIMIT_CORE), oct(Path("made").stat().st_mode & 0o777))
"""


def test_no_core_file_and_nothing_for_others(tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.strip() == "(0, 0) 0o600"
