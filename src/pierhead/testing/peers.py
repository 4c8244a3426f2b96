"""Programs of other people that some tests talk to: skip with the reason where they are absent, fail in CI."""

import os
import shutil
from typing import NoReturn


def require_program(program: str) -> str:
    """The path of ``program``. Skips the running test when it is absent, or fails it where CI=true."""
    path = shutil.which(program)
    if path is None:
        leave_out(f"{program} is not installed (Debian: apt-get install {program})")
    return path


def leave_out(reason: str) -> NoReturn:
    """Skips the running test, or fails it where CI=true."""
    import pytest  # the rest of this package must load without it

    if os.environ.get("CI", "").lower() == "true":
        raise pytest.fail.Exception(f"{reason}; nothing is skipped in CI")
    raise pytest.skip.Exception(reason)
