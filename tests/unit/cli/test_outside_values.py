"""What documents may take from the machine of whoever applies them."""

from pathlib import Path

import pytest

from pierhead.cli import directory
from pierhead.cli.apply import plan
from pierhead.cli.documents import MalformedDocumentError
from pierhead.cli.errors import UsageError
from pierhead.cli.outside_values import OutsideValues

SECRET = "secret: {identifier: s, name: s, type: SecretText, spec: {valueFrom: %s}}\n"


@pytest.fixture
def applied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a file in it, beside a file that is not the documents' business."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "id_rsa").write_text("of the operator")
    (tmp_path / "platform" / "below").mkdir(parents=True)
    (tmp_path / "platform" / "tok.txt").write_text("a value\n")
    return tmp_path / "platform"


def _read(
    source: str, document: str = "below/a.yaml", *, place: str = "platform", **allowed: object
) -> directory.Described:
    Path("platform", document).write_text(SECRET % source)
    values = OutsideValues(**allowed)  # type: ignore[arg-type]
    return directory.read([place], {}, values=values).entities[0]


def test_a_file_in_the_applied_directory_is_read_and_named_in_the_plan(applied: Path) -> None:
    described = _read("{file: ../tok.txt}")
    assert described.entity["spec"] == {"value": "a value"}
    step = plan(described.kind, described.entity, None, described.where, described.source)
    told = {change.path: change.after for change in step.changes}
    assert told["spec.value"] == "from file platform/below/../tok.txt"


@pytest.mark.parametrize("source", ["{file: ../../id_rsa}", "{file: /etc/passwd}", "{file: link}", "{file: up/id_rsa}"])
def test_a_file_outside_is_refused_unless_its_folder_is_named(applied: Path, source: str) -> None:
    (applied / "below" / "link").symlink_to("../../id_rsa")
    (applied / "below" / "up").symlink_to("../..")
    with pytest.raises(UsageError, match="not in the directory that is applied"):
        _read(source)
    with pytest.raises(UsageError, match="not in the directory that is applied"):
        _read(source, folders=("platform", "platform/below"))
    assert _read(source, folders=(".", "/etc")).entity["spec"]["value"]


def test_the_document_of_a_file_has_its_own_folder_only(applied: Path) -> None:
    with pytest.raises(UsageError, match="not in the directory that is applied"):
        _read("{file: ../tok.txt}", place="platform/below/a.yaml")
    assert _read("{file: tok.txt}", "a.yaml", place="platform/a.yaml").source == "from file platform/tok.txt"


def test_a_variable_has_to_be_meant_for_documents_or_named(applied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET", "of the operator")
    monkeypatch.setenv("PIERHEAD_VALUE_S", "a value")
    with pytest.raises(UsageError, match="may not take the variable AWS_SECRET"):
        _read("{env: AWS_SECRET}")
    assert _read("{env: AWS_SECRET}", variables=frozenset({"AWS_SECRET"})).source == "from variable AWS_SECRET"
    assert _read("{env: PIERHEAD_VALUE_S}").entity["spec"]["value"] == "a value"


def test_a_document_that_is_a_link_out_of_the_directory_is_refused(applied: Path) -> None:
    Path("other.yaml").write_text("organization: {identifier: o, name: O}")
    (applied / "a.yaml").symlink_to("../other.yaml")
    with pytest.raises(UsageError, match="is a link out of platform"):
        directory.read(["platform"], {})


def test_folders_that_are_links_are_not_walked(applied: Path) -> None:
    Path("elsewhere").mkdir()
    Path("elsewhere/o.yaml").write_text("organization: {identifier: o, name: O}")
    (applied / "link").symlink_to("../elsewhere")
    (applied / "p.yaml").write_text("organization: {identifier: p, name: P}")
    assert [str(each) for each in directory.read(["platform"], {}).entities] == ["organization p"]


@pytest.mark.parametrize(
    "source", ["{file: circle}", '{file: "a\\0b"}', "{file: '-'}", "{file: below}", "{env: A, file: b}", "[]"]
)
def test_what_is_no_file_is_refused(applied: Path, source: str) -> None:
    (applied / "circle").symlink_to("circle")
    with pytest.raises(MalformedDocumentError):
        _read(source, "a.yaml")
