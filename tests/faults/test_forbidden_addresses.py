"""Five thousand ways to lead the server's own worker to where it must not go (G-27)."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pierhead.testing.network import is_possible

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not is_possible() or shutil.which("unshare") is None, reason="network namespaces need root"),
]
ATTEMPTS, THROUGH_THE_API = 4700, 300


def test_five_thousand_attempts_end_in_no_connection(tmp_path: Path, seed: int, tell) -> None:
    program = [sys.executable, "-W", "ignore", "-m", "pierhead.testing.forbidden"]
    words = ["unshare", "--net", "--mount", *program, str(seed), str(ATTEMPTS), str(THROUGH_THE_API), str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=880, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    tell(f"{ATTEMPTS + THROUGH_THE_API:,} attempts, {told['forbidden']} connections to forbidden addresses, "
         f"{told['evil']:,} to the hostile registry")  # fmt: skip
    assert (told["forbidden"], told["unexplained"], told["suspects"]) == (0, 0, [])
    assert all(int(status) < 500 for status in told["statuses"])
