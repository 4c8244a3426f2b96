"""Reference page of the causes that `pierhead diagnose` knows, from the table that decides."""

from collections.abc import Iterator

from markdown import code, page

from pierhead.control.diagnosis import Cause, cause_table

INTRODUCTION = """\
`pierhead diagnose` takes an error text for one of these. The code of a cause is stable; texts may get better. A word in
capitals in a command is yours to fill in; what the text or a look at the registry says is filled in already.

- *Shown by* are parts of a line as programs print them, in lower case; `...` stands for anything in between.
- Pierhead's own [errors](errors.md) are known by their code too.
- In one line the most telling cause counts, and of causes of one kind about one image the most telling is told.

How to use it is in [diagnose](../guides/diagnose.md).
"""
KINDS = {
    "absent": "Names and tags",
    "name": "Names and tags",
    "login": "Logins and rights",
    "denied": "Logins and rights",
    "pull-secret": "Logins and rights",
    "rate-limit": "Limits",
    "reach": "Network",
    "proxy": "Network",
    "tls": "TLS and clocks",
    "platform": "Platforms and formats",
    "format": "Platforms and formats",
    "body": "Content",
    "disk": "The machine that pulls",
    "policy": "The machine that pulls",
    "runtime": "The machine that pulls",
    "registry": "The registry",
    "dead": "The registry",
    "connector": "Pierhead itself",
    "delegate": "Pierhead itself",
    "time": "Pierhead itself",
    "consequence": "Lines that do not say why",
}
_MOST_SIGNS = 6


def build() -> str:
    causes = cause_table().causes
    parts: list[str] = []
    for title in dict.fromkeys(KINDS.values()):
        parts.append(f"## {title}")
        parts += [part for cause in causes if KINDS[cause.family] == title for part in _entry(cause)]
    return page("Causes", INTRODUCTION, *parts)


def _entry(cause: Cause) -> Iterator[str]:
    yield f"### {cause.code}"
    yield f"**{cause.title}.** {cause.meaning}"
    signs = [code(" ... ".join(part for part in sign if part).replace("`", "'")) for sign in cause.signs[:_MOST_SIGNS]]
    lines = [f"Shown by: {', '.join(signs)}."]
    if cause.hosts:
        lines.append(f"Only at: {', '.join(map(code, cause.hosts))}.")
    if cause.codes:
        lines.append(f"Own errors: {', '.join(f'[{own}](errors.md)' for own in cause.codes)}.")
    yield "\n".join(f"- {line}" for line in lines)
    yield "\n".join(_steps(cause))


def _steps(cause: Cause) -> Iterator[str]:
    for number, step in enumerate(cause.steps, 1):
        command = f": `{_in_capitals(step.command)}`" if step.command else ""
        yield f"{number}. {_in_capitals(step.text)}{command}"


def _in_capitals(text: str) -> str:
    for name in ("image", "registry", "server", "host", "repository", "tag", "platform", "connector"):
        text = text.replace(f"{{{name}}}", name.upper())
    return text
