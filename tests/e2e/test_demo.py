import tempfile
from pathlib import Path

from pierhead.demo.content import PASSWORD


def test_the_demo_shows_the_main_job_and_a_diagnosis_and_leaves_nothing_behind(home, tmp_path) -> None:
    home.environment |= {"TMPDIR": str(tmp_path), "PIERHEAD_URL": "http://127.0.0.1:9", "PIERHEAD_API_KEY": "pat.x.y.z"}
    done = home.run("demo")
    assert done.code == 0, done.out + done.err
    for part in (
        "$ pierhead init pipeline.yaml",
        "stage override",
        "account default",
        "sha256:",
        "harness/drone-git:99.0.0 failed in stage build",
        "remedy",
        "every process is stopped",
    ):
        assert part in done.out
    assert PASSWORD not in done.out + done.err
    assert not list(tmp_path.glob("pierhead-demo-*"))
    assert not home.data.exists()
    assert Path(tempfile.gettempdir()).exists()
