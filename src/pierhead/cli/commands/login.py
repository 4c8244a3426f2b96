"""``pierhead login``: a key of one's own for this machine, by email and password.

The session it takes ends at once. The key goes into a file that only its owner can read, and is not printed unless
asked for. It is in no data directory, so it is sent nowhere by itself: the output says how to use it.
"""

import os
import re
import socket
from pathlib import Path

import click

from pierhead.cli.api_client import segment
from pierhead.cli.errors import ApiError, UsageError
from pierhead.cli.invocation import Invocation
from pierhead.cli.keys import TOKENS, make_key
from pierhead.cli.options import with_api
from pierhead.cli.password import ask_password
from pierhead.cli.session import SessionClient
from pierhead.cli.spans import milliseconds_of
from pierhead.kit.errors import NotFoundError
from pierhead.kit.redact import SecretValue

CONTAINER = "cli"
_PATH = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option("--email", help="Who you are.  [default: asked on the terminal]")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, its first line.")
@click.option("--expires", metavar="TIME", default="30d", show_default=True, help="How long the key lasts: 12h, 90d.")
@click.option("--key-file", type=_PATH, help="Where the key goes.  [default: ~/.config/pierhead/api-key]")
@click.option("--print-key", is_flag=True, help="Print the key, this once, and write no file.")
@with_api
def login(
    invocation: Invocation,
    email: str | None,
    password_stdin: bool,
    expires: str,
    key_file: Path | None,
    print_key: bool,
) -> None:
    """Make a key of yours on this machine, by email and password.

    It is named after this machine, in the API key `cli`; a second login ends the key of the first. --url says
    which server.
    """
    if print_key and key_file is not None:
        raise UsageError("say either --print-key or --key-file")
    milliseconds_of(expires)
    with _session(invocation) as api:
        email = email or _asked_email(password_stdin)
        user = api.log_in(email, SecretValue(ask_password("Password", password_stdin, option="--password-stdin")))
        try:
            text = _fresh_key(api, {"apiKeyType": "USER", "parentIdentifier": user}, expires)
        finally:
            api.log_out()
    if print_key:
        return _print(invocation, text)
    return _keep(invocation, api.place, email, text, (key_file or default_key_file()).absolute())


def default_key_file() -> Path:
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path(os.environ.get("HOME", "/")) / ".config")
    return Path(home) / "pierhead" / "api-key"


def machine_name() -> tuple[str, str]:
    """Identifier and name of the key of this machine."""
    name = re.sub(r"[^0-9A-Za-z_.-]", "-", socket.gethostname())[:100] or "machine"
    identifier = re.sub(r"[^0-9A-Za-z_]", "_", name)
    return (identifier if identifier[0].isalpha() else f"_{identifier}"), name


def _session(invocation: Invocation) -> SessionClient:
    from pierhead.cli.connect import wire_to_log_in

    return SessionClient(wire_to_log_in(invocation.target))


def _asked_email(from_stdin: bool) -> str:
    if from_stdin:
        raise UsageError("standard input is for the password", hint="say who you are with --email")
    answer: str = click.prompt("Email", err=True)
    return answer


def _fresh_key(api: SessionClient, owner: dict[str, str], expires: str) -> str:
    identifier, name = machine_name()
    try:
        api.call("DELETE", f"{TOKENS}/{segment(identifier)}", {**owner, "apiKeyIdentifier": CONTAINER})
    except ApiError as error:
        if error.category is not NotFoundError:
            raise
    return make_key(api, owner, CONTAINER, identifier, name=name, expires=expires)


def _print(invocation: Invocation, text: str) -> None:
    if invocation.screen.is_json:
        return invocation.screen.json(text)
    return invocation.screen.raw(f"{text}\n")


def _keep(invocation: Invocation, url: str, email: str, text: str, path: Path) -> None:
    _write(path, text)
    screen, name = invocation.screen, machine_name()[0]
    if screen.is_json:
        return screen.json({"url": url, "email": email, "keyFile": str(path), "key": name, "apiKey": CONTAINER})
    screen.line(f"logged in to {url} as {email}; the key {name} is in {path}")
    screen.note(f'use it: export PIERHEAD_URL={url} PIERHEAD_API_KEY="$(cat {path})"')
    return screen.note(f"or, one command at a time: --url {url} --api-key-file {path}")


def _write(path: Path, text: str) -> None:
    """Whole or not at all, and at no moment readable by others."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(f"{text}\n")
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot write the key to {path}: {error.strerror}",
            hint="say --key-file, and log in again",
        ) from None
