"""Reference page of all errors: each class found in the package, with its texts taken from its own source."""

import importlib
import pkgutil
from collections.abc import Iterator

from error_texts import Texts, texts_of
from markdown import code, page, prose, table

import pierhead
from pierhead.cli.errors import EXIT_CODES
from pierhead.kit.errors import CATEGORIES, AppError, category_of
from pierhead.server.api.errors import verdict_on
from pierhead.server.jobs.errors import TaskFailedError

SKIPPED = ("pierhead.testing", "pierhead.adapters.sql.migrations")
INTRODUCTION = """\
Every error has a stable `code`. Over HTTP it stands in `pierheadCode`; in a run it stands in the image's failure; on
the command line `--verbose` and `--json` print it. Its category decides the exit code.

- `{name}` in a message stands for a value. `[...]` is said only where it applies; `A / B` is one or the other.
- The HTTP status is that of an answer of Pierhead's API which carries the error. A registry's trouble, told by the API,
  is 424: a registry's 401 must not be read as a word about your own key. Some errors meet only a command or a start of
  the server and never travel over HTTP.
- A failed image in a run, and a failed connection test, carry a remedy that names the connector and the image. It
  replaces the hint given here.
- *Try again* means that the same call may work later with nothing changed.

What most of them look like in real life is in [troubleshooting](../guides/troubleshooting.md).
"""
BY_TASK = """\
These are written into a run, an image of one or an inspection. They have no class of their own.
"""
TASK_ROWS = (
    ("task-deadline-passed", "unavailable", "the task was not finished before its deadline"),
    ("task-attempts-exhausted", "unavailable", "every attempt ended without an answer"),
    ("task-timed-out", "unavailable", "a connection test did not end in time"),
    ("task-left-image", "error", "a task ended without a word about the image"),
    ("no-outcome", "unavailable", "a copy ended without an outcome"),
    ("given-up", "unavailable", "nobody performed a phase of a mirror's run"),
    ("immutable-tag-moved", "conflict", "a tag that never moves by the mirror's rules has moved at the source"),
    ("gate-blocked", "denied", "gates keep the image in quarantine; its verdict says which and why"),
    ("gate-waiting", "denied", "the image waits in quarantine for somebody's approval"),
    ("too-many-packages", "too-large", "an image or an SBOM has more packages than are read"),
    ("reader-failed", "error", "the process that reads packages from layers ended without a word"),
    ("task-cancelled", "conflict", "the run was cancelled"),
    ("error", "error", "an error without a name of its own"),
)


def build() -> str:
    by_code: dict[str, list[type[AppError]]] = {}
    for found in classes():
        by_code.setdefault(found.code, []).append(found)
    parts: list[str] = []
    families: tuple[type[AppError], ...] = (*CATEGORIES, AppError)
    for category in families:
        members = [by_code[name] for name in sorted(by_code) if _category(by_code[name][0]) is category]
        if not members:
            continue
        title = category.code if category is not AppError else "Without a category"
        parts += [f"## {title}", f"Exit code {EXIT_CODES[category]}."]
        parts += [part for member in members for part in _entry(member)]
    rows = ((code(name), category, text) for name, category, text in TASK_ROWS)
    return page("Errors", INTRODUCTION, *parts, "## Given-up work", BY_TASK, table(("Code", "Category", "When"), rows))


def classes() -> Iterator[type[AppError]]:
    """Every error with a code of its own, wider classes first."""
    for module in pkgutil.walk_packages(pierhead.__path__, "pierhead."):
        if not module.name.startswith(SKIPPED) and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    seen: dict[str, type[AppError]] = {}
    for found in _below(AppError):
        if "code" in vars(found) and found.__module__.partition(".")[0] == "pierhead":
            seen.setdefault(f"{found.__module__}.{found.__qualname__}", found)
    known = [each for each in seen.values() if each not in CATEGORIES and not each.__module__.startswith(SKIPPED)]
    yield from sorted(known, key=lambda each: len(each.__mro__))


def _below(family: type[AppError]) -> Iterator[type[AppError]]:
    for child in family.__subclasses__():
        yield child
        yield from _below(child)


def _entry(family: list[type[AppError]]) -> Iterator[str]:
    """One code; where several classes share it, the widest speaks for all."""
    error = family[0]
    texts = texts_of(error)
    yield f"### {error.code}"
    if texts.message:
        yield f"> {texts.message}"
    lines = [_about(error), *_facts(family, texts)]
    yield "\n".join(f"- {line}" for line in lines if line)


def _about(error: type[AppError]) -> str:
    """What the class says of itself; what it says of its parameters is for those who read the code."""
    text = prose(vars(error).get("__doc__"))
    return "" if text.startswith("`") else text


def _facts(family: list[type[AppError]], texts: Texts) -> Iterator[str]:
    if texts.hint:
        yield f"What to do: {texts.hint.rstrip('.')}."
    statuses = sorted({status for error in family if (status := _status(error))})
    if statuses:
        yield f"HTTP {' or '.join(statuses)}."
    if family[0].retryable:
        yield "Try again."


def _status(error: type[AppError]) -> str:
    if issubclass(error, TaskFailedError):
        return "status of the failure that it carries"
    if error.__module__.startswith(("pierhead.cli", "pierhead.demo")):
        return ""
    instance = _bare(error)
    vars(instance)["doing"] = "get"
    return str(verdict_on(instance).http_status)


def _category(error: type[AppError]) -> type[AppError]:
    return category_of(_bare(error))


def _bare(error: type[AppError]) -> AppError:
    """Without a constructor's call, for what depends on the class alone."""
    instance: AppError = AppError.__new__(error)
    return instance
