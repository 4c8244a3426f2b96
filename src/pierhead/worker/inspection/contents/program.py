"""The process that reads what strangers made: a question and bytes on its standard input, one JSON answer back.

Before the first byte it gives up what it will not need: more memory, more processor time, new files and sockets, files
that grow. A crash is the answer "could not check" to whoever waits.
"""

import json
import resource
import sys
from collections.abc import Iterator
from typing import Final

from pierhead.kit.limits import MIB, parse_json

from .databases import Distribution, read_apk, read_dpkg, read_os_release
from .documents import UnreadableError, read_document
from .languages import read_go, read_node, read_python
from .layers import Files, Source

MAX_PURLS: Final = 20_000
MAX_ANSWER: Final = 4 * MIB
MEMORY_BYTES: Final = 768 * MIB
PROCESSOR_S: Final = 120
_READERS: Final = {"python": read_python, "node": read_node, "go": read_go}


def main() -> None:
    give_up_rights()
    stdin = sys.stdin.buffer
    question = parse_json(stdin.readline(64 * 1024))
    assert isinstance(question, dict)
    try:
        answer = _layers(stdin, question) if question["mode"] == "layers" else _document(stdin, question)
    except UnreadableError as error:
        answer = {"problems": [[error.code, error.words]]}
    said = json.dumps(answer).encode()
    if len(said) > MAX_ANSWER:
        said = json.dumps({"problems": [["too-many-packages", "more packages than are reported"]]}).encode()
    sys.stdout.buffer.write(said)
    sys.stdout.buffer.flush()


def give_up_rights() -> None:
    """For good. Pipes that are open stay open; nothing else can be opened, and no file can grow."""
    limits = {
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_CPU: PROCESSOR_S,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: 3,
    }
    for limit, value in limits.items():
        hard = resource.getrlimit(limit)[1]
        lowest = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (lowest, lowest))


class _Part:
    """The next ``size`` bytes of the input as a source of their own."""

    def __init__(self, source: Source, size: int) -> None:
        self._source = source
        self._left = size

    def read(self, size: int) -> bytes:
        data = self._source.read(min(size, self._left))
        if not data and size and self._left:
            raise UnreadableError("layer-incomplete", "a layer did not come to its end")
        self._left -= len(data)
        return data

    def drain(self) -> None:
        while self.read(MIB):
            pass


def _layers(source: Source, question: dict[str, object]) -> dict[str, object]:
    files = Files()
    sizes = question["sizes"]
    assert isinstance(sizes, list)
    for size in sizes:
        part = _Part(source, int(size))
        files.add_layer(part)
        part.drain()
    purls = list(dict.fromkeys(_purls(files)))
    problems = [[code, words] for code, words in files.problems.items()]
    if any(kind == "rpm" for kind, _ in files.kept.values()):
        problems.append(["rpm-not-read", "it has an rpm database, which is not read"])
    if len(purls) > MAX_PURLS:
        problems.append(["too-many-packages", f"it has more than {MAX_PURLS:,} packages"])
    return {"purls": purls[:MAX_PURLS], "problems": problems}


def _purls(files: Files) -> Iterator[str]:
    of = _distribution(files)
    for kind, data in files.kept.values():
        if kind == "dpkg":
            yield from read_dpkg(data, of)
        elif kind == "apk":
            yield from read_apk(data, of)
        elif kind in _READERS:
            yield from _READERS[kind](data)


def _distribution(files: Files) -> Distribution:
    for path in ("etc/os-release", "usr/lib/os-release"):
        if path in files.kept:
            return read_os_release(files.kept[path][1])
    return Distribution()


def _document(source: Source, question: dict[str, object]) -> dict[str, object]:
    raw = source.read(int(str(question["size"])))
    found = read_document(raw, str(question["algorithm"]), str(question["encoded"]))
    if found is None:
        return {"problems": []}
    problems = []
    if found.without:
        problems.append(["packages-without-purl", f"{found.without:,} packages of the SBOM have no purl"])
    if len(found.purls) > MAX_PURLS:
        problems.append(["too-many-packages", f"the SBOM has more than {MAX_PURLS:,} packages"])
    return {"format": found.format, "purls": found.purls[:MAX_PURLS], "problems": problems}
