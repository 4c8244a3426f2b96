"""``pierhead delegate install``: prints what to run; runs nothing and asks for no secret."""

import re

import click

from pierhead.cli import install_text
from pierhead.cli.errors import UsageError
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api

_FORMATS = {"helm": install_text.helm, "docker": install_text.docker, "systemd": install_text.systemd}
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\Z")


@click.command()
@click.argument("name")
@click.option("--format", "kind", type=click.Choice(list(_FORMATS)), required=True, help="How it shall run.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="A tag of it; may be repeated.")
@with_api
def install(invocation: Invocation, name: str, kind: str, tags: tuple[str, ...]) -> None:
    """Print what to run to set up a delegate.

    The commands expect its token in a file delegate-token: `pierhead delegate token create NAME > delegate-token`.
    """
    if not _NAME.match(name):
        raise UsageError(
            f"{name!r} is not a delegate's name", hint="use at most 63 lower-case letters, digits and hyphens"
        )
    if any(not tag.strip() or "," in tag or not tag.isprintable() for tag in tags):
        raise UsageError("a tag is a word without commas")
    url = install_text.server_url(invocation)
    text, screen = _FORMATS[kind](url, name, tags), invocation.screen
    if screen.is_json:
        return screen.json({"format": kind, "url": url, "commands": text.splitlines()})
    screen.raw(f"{text}\n")
    if url == install_text.PLACEHOLDER:
        screen.note(f"put your server's address in place of {url}")
    elif install_text.is_loopback(url):
        screen.note(f"{url} is reached from this machine only; elsewhere, put the address in that leads to it")
    return screen.note(f"then: pierhead delegate approve {name}")
