"""The reading process on real layers, and on layers made to harm it."""

import gzip
import io
import tarfile
import time

import pytest

from pierhead.oci.digest import Digest
from pierhead.testing.images import layer
from pierhead.worker.inspection.contents.databases import Distribution, read_apk
from pierhead.worker.inspection.contents.languages import GO_MAGIC, read_go
from pierhead.worker.inspection.contents.layers import Files
from pierhead.worker.inspection.process import read_layers, read_sbom

from .test_packages import APK, DEBIAN, DPKG, LIBSSL

EMPTY_TAR = bytes(10240)


def read(*packed, **more):
    contents = [each if isinstance(each, bytes) else each.content for each in packed]
    return read_layers([len(each) for each in contents], contents, **more)


def codes(answer) -> list[str]:
    return [problem.code for problem in answer.problems]


def tar(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as made:
        for member, data in members:
            member.size = len(data)
            made.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def link(path: str, to: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(path)
    member.type, member.linkname = kind, to
    return member, b""


def kept(*packed: bytes) -> dict[str, tuple[str, bytes]]:
    """Without a process, for what is about layers and not about harm."""
    files = Files()
    for each in packed:
        files.add_layer(io.BytesIO(each))
    return files.kept


def test_packages_of_every_kind_are_found() -> None:
    go = program(b"mod\texample.com/tool\tv1.2.3\t\ndep\tgolang.org/x/net\tv0.17.0\th1:abc=\n")
    answer = read(
        layer(
            {
                **DEBIAN,
                "usr/lib/python3/dist-packages/Foo_Bar-1.0.dist-info/METADATA": "Name: Foo_Bar\nVersion: 1.0\n\nText",
                "app/node_modules/@scope/pkg/package.json": '{"name": "@scope/pkg", "version": "2.0.0"}',
                "bin/tool": go,
            }
        )
    )
    assert set(answer.purls) == {
        LIBSSL,
        "pkg:pypi/foo-bar@1.0",
        "pkg:npm/%40scope/pkg@2.0.0",
        "pkg:golang/stdlib@1.22.1",
        "pkg:golang/example.com/tool@v1.2.3",
        "pkg:golang/golang.org/x/net@v0.17.0",
    }
    assert answer.problems == ()


def program(modules: bytes) -> bytes:
    """What matters of a Go 1.22 program: an ELF head, and its build information far behind."""
    mark = bytes(16)
    texts = b"".join(bytes([len(text)]) + text for text in (b"go1.22.1", mark + modules + mark))
    return b"\x7fELF" + bytes(300_000) + GO_MAGIC + bytes([8, 2]) + bytes(16) + texts


def test_a_replaced_go_module_is_told_as_what_replaced_it() -> None:
    given = program(b"dep\ta.example/x\tv1.0.0\t\n=>\tb.example/x\tv1.0.1\th1:x=\ndep\tc.example/y\tv2.0.0\th1:y=\n")
    assert list(read_go(given[given.index(GO_MAGIC) :]))[1:] == [
        "pkg:golang/b.example/x@v1.0.1",
        "pkg:golang/c.example/y@v2.0.0",
    ]


def test_a_removed_package_keeps_only_its_settings_and_is_not_installed() -> None:
    assert read(layer(DEBIAN)).purls == (LIBSSL,)


def test_alpine_packages_carry_the_name_of_their_source() -> None:
    assert list(read_apk(APK.encode(), Distribution("alpine", "3.19.1"))) == [
        "pkg:apk/alpine/libssl3@3.1.4-r5?distro=alpine-3.19.1&upstream=openssl",
        "pkg:apk/alpine/musl@1.2.4-r2?distro=alpine-3.19.1",
    ]


def test_packages_of_an_image_without_a_shell_are_found() -> None:
    one = {
        "var/lib/dpkg/status.d/libc6": "Package: libc6\nVersion: 2.36-9\n",
        "var/lib/dpkg/status.d/libc6.md5sums": "x",
    }
    assert read(layer(one)).purls == ("pkg:deb/debian/libc6@2.36-9",)


def test_the_upper_layer_replaces_the_lower_one() -> None:
    upper = layer({"var/lib/dpkg/status": DPKG.replace("3.0.11-1", "3.0.13-1")})
    assert "3.0.13-1" in read(layer(DEBIAN), upper).purls[0]


@pytest.mark.parametrize(
    "upper",
    [
        {"var/lib/dpkg/.wh.status": ""},
        {"var/lib/.wh.dpkg": ""},
        {"var/lib/dpkg/.wh..wh..opq": ""},
        {".wh.var": ""},
        {"./var//lib/dpkg/.wh.status": ""},
        {"var/lib/dpkg": "a file where the directory was"},
    ],
    ids=["file", "directory", "opaque", "top", "spelling", "replaced"],
)
def test_what_an_upper_layer_took_away_is_gone(upper) -> None:
    assert "var/lib/dpkg/status" not in kept(layer(DEBIAN).content, layer(upper).content)


def test_a_whiteout_speaks_of_the_layers_below_and_not_of_its_own() -> None:
    upper = layer({"var/lib/dpkg/.wh..wh..opq": "", "var/lib/dpkg/status": DPKG})
    assert "var/lib/dpkg/status" in kept(layer(DEBIAN).content, upper.content)
    assert "var/lib/dpkg/status" in kept(layer({"var/lib/dpkg/.wh.status": ""}).content, layer(DEBIAN).content)


def test_a_link_over_the_package_database_hides_it_and_is_told() -> None:
    answer = read(layer(DEBIAN), tar(link("var/lib/dpkg/status", "/tmp/empty")))
    assert (answer.purls, codes(answer)) == ((), ["dpkg-is-a-link"])


def test_a_link_that_leads_out_is_nowhere_and_nothing_is_followed() -> None:
    member = tarfile.TarInfo("../../etc/os-release")
    assert kept(tar((member, b"ID=x"), link("etc/os-release", "/etc/shadow"))) == {}


def test_an_rpm_database_is_told_as_not_read() -> None:
    assert codes(read(layer({"var/lib/rpm/rpmdb.sqlite": "x"}))) == ["rpm-not-read"]
    assert codes(read(layer({"usr/lib/sysimage/rpm/Packages.db": "x"}))) == ["rpm-not-read"]


def test_several_gzip_streams_after_each_other_are_one_layer() -> None:
    whole = gzip.decompress(layer(DEBIAN).content)
    parts = gzip.compress(whole[:700]) + gzip.compress(whole[700:]) + bytes(512)
    assert read(parts).purls == (LIBSSL,)


def test_a_plain_tar_is_read_as_well() -> None:
    assert read(gzip.decompress(layer(DEBIAN).content)).purls == (LIBSSL,)


@pytest.mark.parametrize(
    ("packed", "code"),
    [
        (b"\x28\xb5\x2f\xfd" + bytes(100), "layer-zstd"),
        (layer(DEBIAN).content[:-40], "layer-unreadable"),
        (b"no tar at all" * 100, "layer-unreadable"),
        (gzip.compress(EMPTY_TAR) + b"junk", "layer-unreadable"),
        (gzip.decompress(layer({"a": "b"}).content) + gzip.decompress(layer(DEBIAN).content), "layer-unreadable"),
    ],
    ids=["zstd", "truncated", "text", "junk behind gzip", "entries behind the end"],
)
def test_a_layer_that_cannot_be_read_is_a_problem_and_not_an_empty_list(packed, code) -> None:
    answer = read(packed)
    assert (answer.purls, codes(answer)) == ((), [code])


def test_a_header_that_wants_all_memory_is_refused() -> None:
    head = tarfile.TarInfo("pax")
    head.type, head.size = tarfile.XHDTYPE, 4 * 1024**3
    bomb = gzip.compress(head.tobuf()) + gzip.compress(bytes(1 << 24)) * 60
    assert len(bomb) < 2_000_000
    assert codes(read(bomb)) == ["layer-unreadable"]


def test_many_large_files_of_metadata_are_too_many() -> None:
    members = [(tarfile.TarInfo(f"a{at}.dist-info/METADATA"), bytes(30 * 1024 * 1024)) for at in range(5)]
    packed = b"".join(gzip.compress(tar(member)[: 512 + 30 * 1024 * 1024], 1) for member in members)
    assert codes(read(packed + gzip.compress(EMPTY_TAR))) == ["too-many-packages"]


def test_a_package_database_that_is_too_large_is_a_problem() -> None:
    member = tarfile.TarInfo("var/lib/dpkg/status")
    assert codes(read(gzip.compress(tar((member, bytes(33 * 1024 * 1024))), 1))) == ["too-many-packages"]


def test_a_process_that_takes_too_long_is_ended() -> None:
    def drip():
        for _ in range(1000):
            yield EMPTY_TAR[:512]
            time.sleep(0.01)  # stands for a slow registry

    started = time.monotonic()
    assert codes(read_layers([512_000], drip(), deadline_s=0.5)) == ["reader-failed"]
    assert time.monotonic() - started < 5


def test_what_breaks_on_the_way_to_the_process_reaches_the_caller_and_leaves_no_process() -> None:
    def broken():
        yield b"x"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        read_layers([10], broken())


def test_the_process_sees_none_of_our_environment_and_opens_nothing(monkeypatch, tmp_path) -> None:
    """Asked of the real program, with a reader that tries: sockets, files, other programs."""
    import subprocess
    import sys

    from pierhead.worker.inspection import process

    monkeypatch.setenv("SECRET_TOKEN", "canary")
    tries = """
import os, socket
program.give_up_rights()
found = [*os.environ]
for attempt in (socket.socket, lambda: open("/etc/passwd"), lambda: os.pipe()):
    try:
        attempt()
        found.append("opened")
    except OSError:
        pass
print(found)
"""
    script = f"{process._PROGRAM}\n{tries}"
    said = subprocess.run([sys.executable, "-I", "-S", "-c", script, process._ROOT], env={}, capture_output=True)
    assert said.stdout == b"[]\n" or b"LC_CTYPE" in said.stdout, said


def test_a_large_sbom_and_a_small_one_cost_the_parent_little() -> None:
    components = ",".join(f'{{"type":"library","purl":"pkg:npm/p{at}@1"}}' for at in range(25_000))
    answer = read_sbom(f'{{"bomFormat":"CycloneDX","components":[{components}]}}'.encode(), Digest.of(b""))
    assert (len(answer.purls), codes(answer)) == (20_000, ["too-many-packages"])
