"""The reading process seen from its parent: started without environment and rights, fed through a pipe, ended in time.

Whatever it does besides answering - crash, hang, say too much - becomes a problem "could not check"; nothing is raised
for it.
"""

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import pierhead
from pierhead.kit.limits import MIB, MalformedJsonError, parse_json
from pierhead.oci.digest import Digest
from pierhead.protocol.inspection import Problem

from .contents.purl import is_usable

MAX_ANSWER: Final = 5 * MIB
DEADLINE_S: Final = 300.0
_ROOT: Final = str(Path(pierhead.__file__).parent.parent)
# -I and -S: neither the user's environment nor what is installed is looked at.
_PROGRAM: Final = "import sys; sys.path.insert(0, sys.argv[1]); from pierhead.worker.inspection.contents import program"


@dataclass(frozen=True, slots=True)
class Answer:
    """``format``: of an SBOM, empty when it was none. ``purls``: packages."""

    purls: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    format: str = ""


def read_layers(sizes: list[int], pieces: Iterable[bytes | memoryview], *, deadline_s: float = DEADLINE_S) -> Answer:
    """``pieces``: the bytes of all layers from the bottom up, ``sizes`` those of each. What iterating raises passes."""
    return _asked({"mode": "layers", "sizes": sizes}, pieces, deadline_s)


def read_sbom(raw: bytes, image: Digest, *, deadline_s: float = DEADLINE_S) -> Answer:
    """An SBOM in whatever it is wrapped in; a statement around it must be about ``image``."""
    question = {"mode": "document", "size": len(raw), "algorithm": image.algorithm, "encoded": image.encoded}
    return _asked(question, (raw,), deadline_s)


def _asked(question: dict[str, object], pieces: Iterable[bytes | memoryview], deadline_s: float) -> Answer:
    with _started() as child, _ended_after(child, deadline_s):
        assert child.stdin is not None
        assert child.stdout is not None
        # A child that has read enough, or died, closes its end; its answer or the lack of it says which.
        with contextlib.suppress(BrokenPipeError), child.stdin as sink:
            sink.write(json.dumps(question).encode() + b"\n")
            for piece in pieces:
                sink.write(piece)
        said = _read(child.stdout)
        status = child.wait()
    return _answer(said) if status == 0 else _failed(f"the reading process ended with {status}")


@contextlib.contextmanager
def _started() -> "Iterator[subprocess.Popen[bytes]]":
    child = subprocess.Popen(  # noqa: S603 - our own program, with our own words
        [sys.executable, "-I", "-S", "-c", f"{_PROGRAM}; program.main()", _ROOT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
        cwd="/",
    )
    try:
        yield child
    finally:
        child.kill()
        for pipe in (child.stdin, child.stdout):
            with contextlib.suppress(OSError):
                assert pipe is not None
                pipe.close()
        child.wait()


@contextlib.contextmanager
def _ended_after(child: "subprocess.Popen[bytes]", deadline_s: float) -> Iterator[None]:
    timer = threading.Timer(deadline_s, child.kill)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _read(source: IO[bytes]) -> bytes:
    return source.read(MAX_ANSWER + 1)


def _answer(said: bytes) -> Answer:
    try:
        given = parse_json(said, max_values=200_000) if len(said) <= MAX_ANSWER else None
    except MalformedJsonError:
        given = None
    if not isinstance(given, dict):
        return _failed("the reading process answered with something else")
    try:
        return Answer(
            tuple(each for each in given.get("purls", ()) if is_usable(each)),
            tuple(Problem(code=str(code)[:100], message=str(words)[:500]) for code, words in given.get("problems", ())),
            str(given.get("format", ""))[:50],
        )
    except (TypeError, ValueError):
        return _failed("the reading process answered with something else")


def _failed(words: str) -> Answer:
    return Answer(problems=(Problem(code="reader-failed", message=words),))
