"""The documentation as its readers use it: blocks of shell are typed, what they print is compared, files are written.

A page's blocks, by the words after the fence:

    sh              typed, and every command has to succeed
    sh background   typed into a terminal of its own; what it exports is typed into the others
    sh example      for a reader with more than this machine: only shown
    sh needs=curl   typed where that program is installed
    console         `$ command` and what it prints; a line `...` stands for any lines
    console exit=1  the same, where the command ends so
    yaml FILE       written to FILE

Numbers, digests, times and ports may differ from the page.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pytest

from pierhead.testing.peers import leave_out

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60
_FENCE = re.compile(r"^```(\w*)[ ]*([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TOLD = re.compile(r"(?:error|hint|code|exchange|answer|warning): ")
_VARIES = (
    (re.compile(r"\([\d,]+ days left\)"), "(# days left)"),
    (re.compile(r"sha(256|512):[0-9a-f]{12,128}"), "sha:#"),
    (re.compile(r"\b[0-9a-f]{16}\b"), "#"),
    (re.compile(r"\b[0-9a-f]{32}\b|\bprocess \d+"), "#"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?Z"), "#"),
    (re.compile(r"\b\d{4}-\d\d-\d\d\b"), "#"),
    (re.compile(r"\b[\d.,]+ (B|kB|MB|GB|s|ms|bytes)\b"), "#"),
    (re.compile(r"\b(127\.0\.0\.1)((:| port )\d+)?"), "HERE"),
    (re.compile(r'"remaining": \d+'), '"remaining": #'),
    (re.compile(r"(ahead of|behind) ours"), "beside ours"),
    (re.compile(r"\s+"), " "),
)


@dataclass(frozen=True)
class Block:
    language: str
    words: tuple[str, ...]
    text: str
    line: int


@dataclass(frozen=True)
class Page:
    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def text(self) -> str:
        return self.path.read_text()

    def blocks(self) -> Iterator[Block]:
        for found in _FENCE.finditer(self.text):
            line = self.text.count("\n", 0, found.start()) + 1
            yield Block(found[1], tuple(found[2].split()), found[3], line)


@dataclass
class Reader:
    """Somebody at a shell in a checkout, who types what a page says. ``names``: what the page calls things here."""

    home: Path
    names: Mapping[str, str] = field(default_factory=dict)
    background: list["subprocess.Popen[str]"] = field(default_factory=list)

    def __post_init__(self) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIERHEAD_", "XDG_"))}
        # Several readers on one machine cannot all have the port of the documentation.
        self.environment = {**kept, "HOME": str(self.home), "PIERHEAD_PORT": "0", "NO_COLOR": "1"}
        for name in ("docs", "examples", "Makefile"):
            (self.home / name).symlink_to(ROOT / name)
        (self.home / ".venv").symlink_to(sys.prefix)
        self.shell = self._open(["bash", "--noprofile", "--norc"], subprocess.PIPE)

    def go_to_work(self) -> None:
        """What the first steps of the README do once and for all."""
        self.do('export PATH="$PWD/.venv/bin:$PATH"')
        # The registries of the guides have names out in the world; here they are on loopback.
        self.environment["PIERHEAD_PRIVATE_ADDRESSES"] = "allow"
        self.do("export PIERHEAD_PRIVATE_ADDRESSES=allow")

    def do(self, text: str) -> None:
        out, err, code = self.type(text)
        assert code == 0, out + err

    def read(self, page: Page) -> None:
        """Left out at the end, with the reason, when a program was missing for some block; in CI that is a failure."""
        left_out: list[str] = []
        for block in page.blocks():
            where = f"{page.name}:{block.line}"
            if block.language == "sh" and block.text.startswith("make "):
                check_targets(block.text, where)
            elif block.language == "yaml" and block.words:
                (self.home / block.words[0]).write_text(self._here(block.text))
            elif block.language == "sh" and "background" in block.words:
                self.start(block.text, where)
            elif block.language == "sh" and "example" not in block.words:
                if missing := missing_programs(block):
                    left_out.append(f"{where} is not typed, for {missing} is not installed")
                    continue
                out, err, code = self.type(f"set -e\n{block.text}\nset +e\n")
                assert code == 0, f"{where} ended with {code}:\n{out}{err}"
            elif block.language == "console":
                self._compare(block, where)
        if left_out:
            leave_out("; ".join(left_out))

    def type(self, text: str) -> tuple[str, str, int]:
        """What the shell wrote to standard output and error, and how it ended; -1 when the shell itself did."""
        script, out, err = (self.home / name for name in (".typed", ".out", ".err"))
        script.write_text(self._here(text))
        assert self.shell.stdin is not None
        assert self.shell.stdout is not None
        self.shell.stdin.write(f'. "{script}" </dev/null >"{out}" 2>"{err}"; echo "done $?"\n')
        self.shell.stdin.flush()
        said = self.shell.stdout.readline().split()
        return out.read_text(), err.read_text(), int(said[1]) if said else -1

    def start(self, text: str, where: str = "") -> None:
        """In a terminal of its own, until it has said something."""
        process = self._open(["bash", "-c", self._here(text)])
        self.background.append(process)
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first, f"{where} {text} ended at once"
        if first.startswith("export "):
            self.type(first)

    def _compare(self, block: Block, where: str) -> None:
        expected_code = next((int(word[5:]) for word in block.words if word.startswith("exit=")), 0)
        for command, expected in commands(block.text):
            out, err, code = self.type(command)
            told = [line for line in err.splitlines() if _TOLD.match(line)]
            got = [*out.splitlines(), *told]
            assert code == expected_code, f"{where}: {command} ended with {code}:\n{out}{err}"
            assert matches([self._here(line) for line in expected], got), (
                f"{where}: {command} prints\n" + "\n".join(got) + f"\n\n{err}"
            )

    def _here(self, text: str) -> str:
        for name, value in self.names.items():
            text = text.replace(name, value)
        return text

    def _open(self, argv: list[str], stdin: int = subprocess.DEVNULL) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            argv, cwd=self.home, env=self.environment, text=True,
            stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self.shell, *reversed(self.background)):
            process.terminate()
            process.communicate(timeout=PATIENCE_S)


def missing_programs(block: Block) -> str:
    needed = [word.removeprefix("needs=") for word in block.words if word.startswith("needs=")]
    return ", ".join(program for program in needed if shutil.which(program) is None)


def check_targets(text: str, where: str) -> None:
    """`make` sets up for a reader what stands here already, so its targets are only looked up."""
    known = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for line in text.splitlines():
        assert line.split()[1] in known, f"{where}: {line}: there is no such target"


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """(command, lines it is said to print); a command goes on in lines that begin with ``> ``."""
    command: list[str] = []
    printed: list[str] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            if command:
                yield "\n".join(command), printed
            command, printed = [line[2:]], []
        elif line.startswith("> ") and not printed:
            command.append(line[2:])
        else:
            printed.append(line)
    if command:
        yield "\n".join(command), printed


def matches(expected: list[str], got: list[str]) -> bool:
    """Line for line, where ``...`` stands for any lines and what varies counts as equal."""
    if not expected:
        return not [line for line in got if line.strip()]
    if expected[0].strip() == "...":
        return any(matches(expected[1:], got[start:]) for start in range(len(got) + 1))
    if not got:
        return not any(line.strip() for line in expected)
    if not expected[0].strip() or not got[0].strip():
        return matches(expected[1:] if not expected[0].strip() else expected, got[1:] if not got[0].strip() else got)
    return steady(expected[0]) == steady(got[0]) and matches(expected[1:], got[1:])


def steady(line: str) -> str:
    """A line without what differs from run to run; a cell cut short with ``...`` is not one of those things."""
    for pattern, replacement in _VARIES:
        line = pattern.sub(replacement, line)
    return line.strip()


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    with Reader(tmp_path) as someone:
        yield someone


@pytest.fixture
def root() -> Path:
    return ROOT


@pytest.fixture
def page_of() -> type[Page]:
    return Page


def pages() -> list[Page]:
    """Everything that is written for readers."""
    return [Page(ROOT / "README.md"), *(Page(path) for path in sorted((ROOT / "docs").rglob("*.md")))]


@pytest.fixture
def all_pages() -> list[Page]:
    return pages()
