"""``pierhead mirror import``: documents out, warnings beside them, hostile files refused in words."""

import io
import json
import sys
from pathlib import Path

import pytest
import yaml

from pierhead.cli.documents import parse_documents
from pierhead.cli.main import run

FILE = """\
creds:
- {registry: own.example.com, user: robot, pass: a-value-of-its-own}
sync:
- {source: "alpine:3", target: own.example.com/alpine:3, type: image}
- {source: alpine, target: own.example.com/other, type: repository}
"""


def test_documents_go_to_standard_output_and_warnings_do_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "regsync.yml").write_text(FILE)
    assert run(["mirror", "import", str(tmp_path / "regsync.yml"), "--from-map", "docker.io=account.hub"]) == 0
    out, err = capsys.readouterr()
    documents = parse_documents(out.encode(), "output")
    assert [next(iter(each)) for each in documents] == ["secret", "connector", "mirror"]
    assert documents[2]["mirror"]["spec"]["sourceRef"] == "account.hub"
    assert "warning: line 2: the pass of own.example.com stands in the file and is not taken over" in err
    assert "warning: line 5: alpine is left out: it gets another name" in err
    assert "a-value-of-its-own" not in out + err


def test_each_document_gets_a_file_in_a_directory_that_was_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "regsync.yml").write_text(FILE)
    argv = ["mirror", "import", str(tmp_path / "regsync.yml"), "-o", str(tmp_path / "out")]
    assert run(argv) == 0
    assert capsys.readouterr().out == f"4 documents in {tmp_path}/out, 1 of them mirrors\n"
    assert [each.name for each in sorted((tmp_path / "out").iterdir())] == [
        "connector-docker_io.yaml",
        "connector-own_example_com.yaml",
        "mirror-docker_io_to_own_example_com.yaml",
        "secret-own_example_com_password.yaml",
    ]
    assert run(argv) == 2
    assert "is not an empty directory" in capsys.readouterr().err


def test_programs_get_documents_and_warnings_in_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(FILE.encode())))
    assert run(["mirror", "import", "-", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["documents"]) == 4
    assert [each["line"] for each in told["warnings"]] == [2, 5]


def test_a_file_without_anything_to_mirror_is_an_exit_code_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "regsync.yml").write_text("sync: []\n")
    assert run(["mirror", "import", str(tmp_path / "regsync.yml"), "--from-map", "quay.io=account.q"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "warning: no mirror needs quay.io, which --from-map names\nthere is no mirror in it\n"


BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdef", "bcdefg", strict=True)
)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"sync: !!python/object/apply:os.system [ls]", "the tag"),
        (BOMB.encode(), "repeats more"),
        (b"sync: []\nsync: []", "line 2, column 1: the key 'sync' occurs twice"),
        (b"sync: []\n---\nsync: []", "a second document"),
        (b"sync: [", "line 2, column 1: did not find"),
        (b"\xff\xfe\xff", "UTF-8"),
        (b"sync: \x00", "control character"),
        (b"x" * 2_000_000, "larger than"),
        (b"[" * 5000, "nested deeper"),
        (yaml.safe_dump({"sync": [{"source": "a\x1b[31m", "target": "b.c/a", "type": "image"}]}).encode(), "left out"),
    ],
)
def test_a_hostile_file_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], raw: bytes, why: str
) -> None:
    (tmp_path / "bad.yml").write_bytes(raw)
    assert run(["mirror", "import", str(tmp_path / "bad.yml")]) in (1, 2, 7)
    out, err = capsys.readouterr()
    assert out == ""
    assert why in err
    assert "Traceback" not in err
    assert "\x1b" not in err


@pytest.mark.parametrize("given", ["docker.io", "=account.hub", "docker.io="])
def test_a_map_that_maps_nothing_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], given: str) -> None:
    assert run(["mirror", "import", str(tmp_path), "--from-map", given]) == 2
    assert "is not HOST=CONNECTOR" in capsys.readouterr().err
