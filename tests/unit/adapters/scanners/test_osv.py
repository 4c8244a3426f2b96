import io
import json
import zipfile
from datetime import UTC, datetime

import pytest

from pierhead.adapters.scanners.osv import OsvScanner, import_advisories
from pierhead.adapters.scanners.osv.cvss import base_score, severity_of
from pierhead.adapters.scanners.osv.importing import InvalidAdvisoriesError
from pierhead.adapters.scanners.osv.packages import Package, package_of
from pierhead.control.gates import NotKnown, Severity

NOW = datetime(2026, 11, 21, tzinfo=UTC)
MODIFIED = "2026-11-20T00:00:00Z"
HIGH = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"
LIBSSL = "pkg:deb/debian/libssl3@3.0.11-1~deb12u1?distro=debian-12&upstream=openssl"


def advisory(id_="CVE-2026-1", ecosystem="Debian:12", name="openssl", events=None, **more) -> dict:
    events = [{"introduced": "0"}, {"fixed": "3.0.13-1~deb12u1"}] if events is None else events
    affected = {"package": {"ecosystem": ecosystem, "name": name}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
    severity = [{"type": "CVSS_V3", "score": HIGH}]
    return {"id": id_, "modified": MODIFIED, "affected": [affected], "severity": severity} | more


@pytest.fixture
def scan(tmp_path):
    def scanned(advisories, *purls):
        source = tmp_path / "osv"
        source.mkdir(exist_ok=True)
        for at, one in enumerate(advisories):
            (source / f"{at}.json").write_text(one if isinstance(one, str) else json.dumps(one))
        import_advisories(source, tmp_path / "osv.db", NOW)
        return OsvScanner(tmp_path / "osv.db").scan(purls)

    return scanned


def test_a_package_older_than_the_fix_is_found_by_the_name_of_its_source(scan) -> None:
    report = scan([advisory(aliases=["DSA-1"])], LIBSSL)
    (found,) = report.findings
    assert (found.ids, found.package, found.installed) == (("CVE-2026-1", "DSA-1"), "libssl3", "3.0.11-1~deb12u1")
    assert (found.fixed, found.severity, found.score) == ("3.0.13-1~deb12u1", Severity.HIGH, 7.5)
    assert (report.packages, report.as_of, report.unread) == (1, datetime(2026, 11, 20, tzinfo=UTC), ())


@pytest.mark.parametrize(
    ("ecosystem", "name", "events", "purl", "hit"),
    [
        ("Debian:12", "openssl", None, LIBSSL.replace("3.0.11", "3.0.13"), False),
        ("Debian:12", "x", None, "pkg:deb/debian/x@3.0.13-1~deb12u1?distro=debian-12.4", False),
        ("Debian:12", "x", None, "pkg:deb/debian/x@3.0.13-1~deb12u0?distro=debian-12", True),
        (
            "Alpine:v3.19",
            "musl",
            [{"introduced": "0"}, {"fixed": "1.2.4-r3"}],
            "pkg:apk/alpine/musl@1.2.4-r2?distro=alpine-3.19.1",
            True,
        ),
        (
            "Alpine:v3.19",
            "musl",
            [{"introduced": "0"}, {"fixed": "1.2.4-r3"}],
            "pkg:apk/alpine/musl@1.2.4-r10?distro=alpine-3.19.1",
            False,
        ),
        ("PyPI", "Foo_Bar", [{"introduced": "1.0"}, {"fixed": "2.0"}], "pkg:pypi/foo-bar@2.0rc1", True),
        ("PyPI", "foo-bar", [{"introduced": "1.0"}, {"fixed": "2.0"}], "pkg:pypi/foo-bar@0.9", False),
        ("npm", "@a/b", [{"introduced": "0"}, {"last_affected": "1.2.3"}], "pkg:npm/%40a/b@1.2.3", True),
        ("npm", "@a/b", [{"introduced": "0"}, {"last_affected": "1.2.3"}], "pkg:npm/%40a/b@1.2.4", False),
        (
            "Go",
            "golang.org/x/net",
            [{"introduced": "0"}, {"fixed": "0.17.0"}],
            "pkg:golang/golang.org/x/net@v0.16.0",
            True,
        ),
        (
            "Go",
            "stdlib",
            [{"introduced": "0"}, {"fixed": "1.21.8"}, {"introduced": "1.22.0"}, {"fixed": "1.22.2"}],
            "pkg:golang/stdlib@1.22.1",
            True,
        ),
        (
            "Go",
            "stdlib",
            [{"introduced": "0"}, {"fixed": "1.21.8"}, {"introduced": "1.22.0"}, {"fixed": "1.22.2"}],
            "pkg:golang/stdlib@1.21.9",
            False,
        ),
        ("Ubuntu:22.04:LTS", "zlib", [{"introduced": "0"}], "pkg:deb/ubuntu/zlib@1?distro=ubuntu-22.04", True),
    ],
)
def test_versions_are_compared_as_each_ecosystem_orders_them(scan, ecosystem, name, events, purl, hit) -> None:
    report = scan([advisory(ecosystem=ecosystem, name=name, events=events)], purl)
    assert bool(report.findings) is hit
    assert report.unread == ()


def test_listed_versions_count_beside_ranges(scan) -> None:
    given = advisory(ecosystem="npm", name="x", events=[{"introduced": "9"}])
    given["affected"][0]["versions"] = ["1.0.0"]
    assert scan([given], "pkg:npm/x@1.0.0").findings
    assert not scan([given], "pkg:npm/x@1.0.1").findings


def test_one_advisory_under_two_names_is_one_finding_of_the_gravest(scan) -> None:
    first = advisory("GHSA-1", aliases=["CVE-2026-1"], severity=[], database_specific={"severity": "MODERATE"})
    (found,) = scan([first, advisory("CVE-2026-1")], LIBSSL).findings
    assert found.severity is Severity.HIGH
    assert set(found.ids) == {"CVE-2026-1", "GHSA-1"}


@pytest.mark.parametrize(
    ("more", "severity"),
    [
        ({"severity": [], "database_specific": {"severity": "CRITICAL"}}, Severity.CRITICAL),
        ({"severity": [{"type": "CVSS_V4", "score": "CVSS:4.0/AV:N"}]}, Severity.UNKNOWN),
        ({"severity": [{"type": "Ubuntu", "score": "medium"}]}, Severity.MEDIUM),
        ({"severity": []}, Severity.UNKNOWN),
    ],
    ids=["word", "version 4", "ubuntu", "nothing"],
)
def test_severity_comes_from_a_vector_or_a_word(scan, more, severity) -> None:
    assert scan([advisory(**more)], LIBSSL).findings[0].severity is severity


def test_what_was_withdrawn_is_no_finding(scan) -> None:
    assert scan([advisory(withdrawn=MODIFIED), advisory(name="other")], LIBSSL).findings == ()


@pytest.mark.parametrize(
    ("purl", "words"),
    [
        ("pkg:rpm/fedora/bash@5?distro=fedora-40", "packages of the kind rpm"),
        ("pkg:deb/debian/bash@5", "release is not known"),
        ("pkg:deb/devuan/bash@5?distro=devuan-5", "distribution devuan"),
        ("pkg:apk/alpine/musl@1?distro=alpine-3.19.1", "Alpine:v3.19, of which no advisory is imported"),
        ("pkg:npm/x", "without a version"),
        ("pkg:deb/debian/openssl@%20?distro=debian-12", "cannot be compared"),
    ],
)
def test_a_package_that_cannot_be_matched_is_told(scan, purl, words) -> None:
    report = scan([advisory()], purl)
    assert report.findings == ()
    assert [missing.code for missing in report.unread] == ["packages-not-matched"]
    assert words in report.unread[0].words


def test_a_version_of_an_advisory_that_cannot_be_read_counts_against_the_package(scan) -> None:
    assert scan([advisory(events=[{"introduced": "0"}, {"fixed": "not a version"}])], LIBSSL).findings


def test_the_age_is_that_of_the_oldest_ecosystem_used_and_never_of_the_future(scan) -> None:
    old = advisory(ecosystem="npm", name="x", modified="2026-01-01T00:00:00Z")
    to_come = advisory("CVE-2026-9", modified="2099-01-01T00:00:00Z")
    assert scan([old, advisory()], LIBSSL, "pkg:npm/x@9.9.9").as_of == datetime(2026, 1, 1, tzinfo=UTC)
    assert scan([old, advisory(), to_come], LIBSSL).as_of == datetime(2026, 11, 20, tzinfo=UTC)


def test_without_a_database_nothing_is_known(tmp_path) -> None:
    assert isinstance(OsvScanner(tmp_path / "none.db").scan([LIBSSL]), NotKnown)
    (tmp_path / "text.db").write_text("no database at all, but long enough to look like one" * 100)
    assert isinstance(OsvScanner(tmp_path / "text.db").scan([LIBSSL]), NotKnown)


def test_a_zip_is_imported_and_broken_files_are_counted(tmp_path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", json.dumps(advisory()))
        archive.writestr("b.json", "{")
        archive.writestr("c.json", "{}")
        archive.writestr("readme.txt", "x")
    report = import_advisories(tmp_path / "all.zip", tmp_path / "osv.db", NOW)
    assert (report.imported, report.skipped, report.broken) == (1, 1, 1)


def test_an_import_that_fails_leaves_the_database_as_it_was(tmp_path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(advisory()))
    import_advisories(tmp_path / "a.json", tmp_path / "osv.db", NOW)
    before = (tmp_path / "osv.db").read_bytes()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "0.json").write_text(json.dumps(advisory()))
    (tmp_path / "bad" / "1.zip").write_bytes(b"PK\x03\x04 no zip")
    empty = tmp_path / "empty"
    empty.mkdir()
    for source in (tmp_path / "bad", empty, tmp_path / "absent"):
        with pytest.raises(InvalidAdvisoriesError):
            import_advisories(source, tmp_path / "osv.db", NOW)
    assert (tmp_path / "osv.db").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".new")] == []


def test_a_zip_bomb_is_refused(tmp_path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", bytes(20 * 1024 * 1024))
    (tmp_path / "all.zip").write_bytes(buffer.getvalue())
    with pytest.raises(InvalidAdvisoriesError, match="entry of more than"):
        import_advisories(tmp_path / "all.zip", tmp_path / "osv.db", NOW)


@pytest.mark.parametrize("odd", [{"affected": "x"}, {"affected": [1]}, {"id": 5, "aliases": 3}, {"severity": [1]}, []])
def test_odd_advisories_break_nothing(scan, odd) -> None:
    given = advisory() | odd if isinstance(odd, dict) else odd
    assert scan([given, advisory("CVE-2026-2")], LIBSSL).findings


# Scores as FIRST's calculator gives them.
@pytest.mark.parametrize(
    ("vector", "score"),
    [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
        ("CVSS:3.1/AV:L/AC:H/PR:L/UI:N/S:U/C:H/I:H/A:H", 7.0),
        ("CVSS:3.1/AV:L/AC:L/PR:H/UI:N/S:C/C:H/I:H/A:H", 8.2),
        ("CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:N/I:L/A:N", 1.6),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0),
        ("CVSS:3.1/AV:N/AC:L", None),
        ("CVSS:4.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", None),
        ("", None),
    ],
)
def test_base_scores_are_those_of_the_specification(vector, score) -> None:
    assert base_score(vector) == score


def test_scores_have_the_words_of_the_specification() -> None:
    assert [severity_of(score) for score in (9.0, 8.9, 7.0, 6.9, 4.0, 3.9)] == [
        Severity.CRITICAL,
        Severity.HIGH,
        Severity.HIGH,
        Severity.MEDIUM,
        Severity.MEDIUM,
        Severity.LOW,
    ]


def test_the_version_of_the_source_is_compared_where_it_differs() -> None:
    found = package_of("pkg:deb/debian/libssl3@3.0-1%2Bb1?distro=debian-12&upstream=openssl%403.0-1")
    assert found == Package("Debian:12", "openssl", "3.0-1", "libssl3", "3.0-1+b1")
