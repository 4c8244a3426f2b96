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


def test_the_walk_with_a_mirror_ends_without_its_source_and_leaves_nothing_behind(home, tmp_path) -> None:
    home.environment |= {"TMPDIR": str(tmp_path), "PIERHEAD_URL": "http://127.0.0.1:9", "PIERHEAD_API_KEY": "pat.x.y.z"}
    done = home.run("demo", "--mirror")
    assert done.code == 0, done.out + done.err
    for part in (
        "planned (7 to copy)",
        "succeeded (7 copied)",
        "nothing to do (7 kept)",
        "the source 7 times, each a HEAD; the target not at all",
        "succeeded (6 kept, 1 copied)",
        "the source not at all",
        "connection refused",
        "every process is stopped",
    ):
        assert part in done.out
    assert "succeeded, 9 images" in done.out.partition("connection refused")[2]
    assert PASSWORD not in done.out + done.err
    assert not list(tmp_path.glob("pierhead-demo-*"))
    assert not home.data.exists()
