"""The main group, and the one place where an outcome becomes an exit code.

0 done · 1 a run, a test or a plan failed · 2 to 11 an error by category · 130 interrupted.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace

import click

from pierhead import __version__
from pierhead.kit.errors import AppError

from .errors import FAILED, INTERRUPTED, UsageError, exit_code, tell, tell_interrupted, wants_json
from .invocation import Connect
from .lazy import LazyCommand, LazyGroup

_PACKAGE = "pierhead.cli.commands"
SECTIONS: Mapping[str, Mapping[str, LazyCommand]] = {
    "Images and runs": {
        "init": LazyCommand(f"{_PACKAGE}.init:init", "Resolve and pull every image that a pipeline needs."),
        "explain": LazyCommand(
            f"{_PACKAGE}.explain:explain", "Say which images a pipeline needs, from where, and why."
        ),
        "diagnose": LazyCommand(f"{_PACKAGE}.diagnose:diagnose", "Say why an image cannot be had, and what to do."),
        "doctor": LazyCommand(
            f"{_PACKAGE}.doctor:doctor",
            "Say what is dead, what breaks soon, and what could be better; and what to do about each.",
        ),
        "image": LazyCommand(f"{_PACKAGE}.image:image", "The CI images, their versions and pins; pull any image."),
        "release": LazyCommand(
            f"{_PACKAGE}.release:release", "Releases of the CI images: what is supported until when, and what changes."
        ),
        "run": LazyCommand(f"{_PACKAGE}.run:run", "Past and present runs of init."),
        "task": LazyCommand(f"{_PACKAGE}.task:task", "The work behind runs, tests and copies: where it is, and why."),
    },
    "Configuration": {
        "connector": LazyCommand(f"{_PACKAGE}.connector:connector", "Registries that images come from."),
        "artifact": LazyCommand(f"{_PACKAGE}.artifact:artifact", "Tags and repositories that registries have."),
        "watch": LazyCommand(f"{_PACKAGE}.watch:watch", "See new and moved tags of an image."),
        "notice": LazyCommand(
            f"{_PACKAGE}.notice:notice",
            "What happened by itself: releases, watched tags, mirrors that fail; and webhooks that are told of it.",
        ),
        "mirror": LazyCommand(f"{_PACKAGE}.mirror:mirror", "Images copied ahead of need, under their own names."),
        "gate-policy": LazyCommand(
            f"{_PACKAGE}.gate_policy:gate_policy", "What an image must pass before it is trusted."
        ),
        "gate-exception": LazyCommand(
            f"{_PACKAGE}.gate_policy:gate_exception", "Images that may pass a gate all the same, for a time."
        ),
        "secret": LazyCommand(f"{_PACKAGE}.secret:secret", "Encrypted texts that connectors refer to."),
        "org": LazyCommand(f"{_PACKAGE}.place:org", "Organizations: they hold projects, and what those share."),
        "project": LazyCommand(f"{_PACKAGE}.place:project", "Projects: the innermost places."),
        "apply": LazyCommand(f"{_PACKAGE}.apply:apply", "Make things equal to what documents in files say."),
        "export": LazyCommand(f"{_PACKAGE}.export:export", "Write what is there as documents for `pierhead apply`."),
    },
    "Access": {
        "login": LazyCommand(f"{_PACKAGE}.login:login", "Make a key of yours on this machine, by email and password."),
        "user": LazyCommand(f"{_PACKAGE}.user:user", "The people of the account; USER is an email address or an id."),
        "service-account": LazyCommand(
            f"{_PACKAGE}.service_account:service_account", "Principals for programs; their keys are made with api-key."
        ),
        "api-key": LazyCommand(f"{_PACKAGE}.api_key:api_key", "Keys of yours, or of a service account."),
        "role": LazyCommand(f"{_PACKAGE}.role:role", "Sets of permissions that can be given to somebody."),
        "resource-group": LazyCommand(f"{_PACKAGE}.resource_group:resource_group", "Sets of things to give a role on."),
        "role-assignment": LazyCommand(f"{_PACKAGE}.role_assignment:role_assignment", "Who has which role, on what."),
        "access": LazyCommand(f"{_PACKAGE}.access:access", "What you may do."),
    },
    "Operations": {
        "delegate": LazyCommand(
            f"{_PACKAGE}.delegate:delegate", "Agents that reach registries where the server cannot."
        ),
        "audit": LazyCommand(f"{_PACKAGE}.audit:audit", "Who changed what, and whether the trail is what was written."),
        "backup": LazyCommand(f"{_PACKAGE}.backup:backup", "Save everything that is stored, and restore it."),
        "advisories": LazyCommand(
            f"{_PACKAGE}.advisories:advisories", "What is known of vulnerabilities, for the gate of that name."
        ),
        "encryption-key": LazyCommand(f"{_PACKAGE}.encryption_key:encryption_key", "What secrets are encrypted with."),
    },
    "Programs": {
        "up": LazyCommand(f"{_PACKAGE}.up:up", "Run the server in the foreground."),
        "completion": LazyCommand(f"{_PACKAGE}.completion:completion", "Print a shell's completion script."),
        "version": LazyCommand(f"{_PACKAGE}.version:version", "Print the version."),
    },
}
COMMANDS: Mapping[str, LazyCommand] = {
    name: replace(entry, section=title) for title, entries in SECTIONS.items() for name, entry in entries.items()
}
_LAST = "Programs"
_HELP = """Decides, proves and delivers the container images that a CI platform runs on.

Commands work on a running server (--url, or the one that holds the data directory), or with none running on the
data directory itself."""


def build_program(more: Mapping[str, LazyCommand]) -> LazyGroup:
    """The main group with the commands of other rooms added."""
    added = {name: replace(entry, section=_LAST) for name, entry in more.items()}
    program = LazyGroup("pierhead", {**COMMANDS, **added}, help=_HELP)
    return click.version_option(__version__, prog_name="pierhead", message="%(prog)s %(version)s")(program)


def run(argv: Sequence[str], more: Mapping[str, LazyCommand] | None = None, *, connect: Connect | None = None) -> int:
    """Runs one command line and returns its exit code; ``connect`` replaces how Pierhead is found."""
    is_verbose, is_json = "--verbose" in argv or "-v" in argv, wants_json(argv)
    try:
        outcome = build_program(more or {}).main(list(argv), "pierhead", standalone_mode=False, obj=connect)
        sys.stdout.flush()
    except AppError as error:
        tell(error, sys.stderr, is_verbose=is_verbose, is_json=is_json)
        return exit_code(error)
    except click.ClickException as error:
        if is_json:
            tell(_as_ours(error), sys.stderr, is_json=True)
        else:
            error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        tell_interrupted(sys.stderr, is_json=is_json)
        return INTERRUPTED
    except BrokenPipeError:
        return _reader_left()
    return outcome if isinstance(outcome, int) else 0


def _as_ours(error: click.ClickException) -> UsageError:
    context = getattr(error, "ctx", None)
    hint = f"see `{context.command_path} --help`" if context is not None else ""
    return UsageError(error.format_message(), hint=hint)


def _reader_left() -> int:
    """Whoever read standard output has enough; keeps the interpreter from complaining at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILED
