"""``pierhead image pull``: one image into an OCI image layout, without server, data directory or connector.

Compared with skopeo as a whole process, start-up included: hence argparse, and no import that the pull does not need.
"""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from pierhead.cli.errors import (
    EXIT_CODES,
    FAILED,
    INTERRUPTED,
    UsageError,
    exchange_lines,
    exchange_of,
    exit_code,
    tell,
    tell_json,
    wants_json,
)
from pierhead.cli.format import clean, duration, rate, size
from pierhead.cli.progress import Progress, Silence, progress_on
from pierhead.cli.render import Screen
from pierhead.kit.errors import CATEGORIES, AppError
from pierhead.kit.redact import SecretValue
from pierhead.oci.platform import Platform
from pierhead.oci.reference import Reference
from pierhead.registry.endpoint import Anonymous, Credential, Endpoint, TlsSettings, UsernamePassword
from pierhead.registry.transport import Transport
from pierhead.worker.pull import CancelToken, ImageProgress, ImageRequest, pull_images
from pierhead.worker.runtimes.oci_layout import OciLayout

_HELP = """Pull one image into an OCI image layout, every digest verified. What is there already is not fetched again,
and what a broken pull left behind is taken up. Needs no server."""


def main(argv: Sequence[str]) -> int:
    """Runs the command and returns its exit code. Raises SystemExit for --help."""
    is_json, is_verbose = wants_json(argv), "--verbose" in argv or "-v" in argv
    try:
        return _pull(_parser().parse_args(argv))
    except AppError as error:
        tell(error, sys.stderr, is_verbose=is_verbose, is_json=is_json)
        return exit_code(error)


class _Parser(argparse.ArgumentParser):
    """Wrong options end as other wrong words do."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, hint=f"see `{self.prog} --help`")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser("pierhead image pull", description=_HELP)
    parser.add_argument(
        "reference", metavar="REFERENCE", help="image, as Docker writes it: [host[:port]/]name[:tag][@digest]"
    )
    parser.add_argument(
        "--output", required=True, type=Path, metavar="DIR", help="layout to pull into; made when absent"
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--platform", metavar="OS/ARCH[/VARIANT]", help="default: this machine's")
    which.add_argument("--all-platforms", action="store_true", help="the whole index")
    parser.add_argument("--plain-http", action="store_true", help="the registry speaks http, not https")
    parser.add_argument("--username", metavar="USER", help="log in, with --password-stdin")
    parser.add_argument("--password-stdin", action="store_true", help="read the password or token from standard input")
    parser.add_argument("--ca-file", type=Path, metavar="FILE", help="PEM file with authorities to trust as well")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    parser.add_argument("-q", "--quiet", action="store_true", help="print the digest only")
    parser.add_argument("-v", "--verbose", action="store_true", help="show error codes")
    parser.add_argument("--no-color", action="store_true", help="no colours (also by the variable NO_COLOR)")
    return parser


def _pull(options: argparse.Namespace) -> int:
    reference = Reference.parse(options.reference)
    platform = Platform.parse(options.platform) if options.platform else None
    request = ImageRequest(options.reference, _endpoint(options, reference), reference, platform)
    has_color = not options.no_color and not os.environ.get("NO_COLOR")
    screen = Screen(is_json=options.json, is_quiet=options.quiet, has_color=has_color)
    cancel = _cancelled_by_ctrl_c()
    transport = Transport()
    with _Reporter(screen) as reporter:
        [outcome] = pull_images(
            [request],
            OciLayout(options.output),
            transport,
            reporter,
            cancel=cancel,
            all_platforms=options.all_platforms,
        )
    transport.close()
    _tell(screen, request, outcome)
    if cancel.is_cancelled and not outcome.is_pulled:
        return INTERRUPTED
    return _exit_code(outcome)


def _endpoint(options: argparse.Namespace, reference: Reference) -> Endpoint:
    return Endpoint.for_reference(
        reference.registry,
        plain_http=options.plain_http,
        credential=_credential(options),
        tls=TlsSettings(_text(options.ca_file)) if options.ca_file else TlsSettings(),
    )


def _credential(options: argparse.Namespace) -> Credential:
    if bool(options.username) != options.password_stdin:
        raise UsageError("--username and --password-stdin belong together")
    if not options.username:
        return Anonymous()
    password = sys.stdin.readline().removesuffix("\n").removesuffix("\r")
    if not password:
        raise UsageError("standard input holds no password")
    return UsernamePassword(options.username, SecretValue(password))


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read the authorities in {path}: {error}") from None


def _cancelled_by_ctrl_c() -> CancelToken:
    """The first Ctrl-C ends the pull in order, the second one at once; the layout is whole either way."""
    cancel = CancelToken()

    def interrupted(*_: object) -> None:
        if cancel.is_cancelled:
            os._exit(INTERRUPTED)
        cancel.cancel()

    signal.signal(signal.SIGINT, interrupted)
    return cancel


class _Reporter:
    """Shows progress on a terminal; elsewhere the outcome is all there is to say."""

    def __init__(self, screen: Screen) -> None:
        self._shown: Progress = progress_on(screen) if screen.shows_progress else Silence()

    def event(self, progress: ImageProgress) -> None:
        self._shown.show(_json(progress, progress.key))

    def __enter__(self) -> "_Reporter":
        self._shown.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._shown.__exit__(None, None, None)


def _json(progress: ImageProgress, reference: str) -> dict[str, Any]:
    """An image as the API words it."""
    return {
        "reference": reference,
        "state": progress.state.value,
        "digest": str(progress.digest) if progress.digest else None,
        "manifestDigest": str(progress.manifest_digest) if progress.manifest_digest else None,
        "bytesTotal": progress.bytes_total,
        "bytesDone": progress.bytes_done,
        "bytesFetched": progress.bytes_fetched,
        "seconds": progress.seconds,
    }


def _tell(screen: Screen, request: ImageRequest, outcome: ImageProgress) -> None:
    failure = outcome.error
    if failure is not None and screen.is_json:
        exchange = exchange_of(failure.exchange)
        told = {name: getattr(failure, name) for name in ("code", "category", "message", "hint")}
        tell_json(told | ({"details": {"exchange": exchange}} if exchange else {}), sys.stderr)
    elif failure is not None:
        sys.stderr.write(f"error: {clean(failure.message)}\n")
        for line in exchange_lines(failure.exchange):
            sys.stderr.write(line + "\n")
        sys.stderr.write(f"hint: {clean(failure.hint)}\n" if failure.hint else "")
    for warning in outcome.warnings:
        screen.note(f"warning: {warning}")
    if screen.is_json:
        shown = {"code": failure.code, "message": failure.message, "hint": failure.hint} if failure else None
        screen.json({**_json(outcome, request.name), "failure": shown, "warnings": list(outcome.warnings)})
    elif screen.is_quiet and outcome.digest:
        screen.line(str(outcome.digest))
    elif outcome.is_pulled:
        fetched = outcome.bytes_fetched or 0
        facts = [f"{size(fetched)} in {duration(outcome.seconds)}", rate(fetched, outcome.seconds)]
        screen.line(f"{request.name} {outcome.state} {outcome.digest}, {', '.join(fact for fact in facts if fact)}")


def _exit_code(outcome: ImageProgress) -> int:
    if outcome.error is None:
        return 0
    category = next((category for category in CATEGORIES if category.code == outcome.error.category), AppError)
    return EXIT_CODES.get(category, FAILED)
