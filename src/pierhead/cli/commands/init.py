"""``pierhead init``: one run of a pipeline's Initialize, followed to its end."""

import contextlib
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from pierhead.cli.api_client import ApiClient, segment
from pierhead.cli.documents import read_source
from pierhead.cli.errors import FAILED, INTERRUPTED, UsageError
from pierhead.cli.follow import RUNS, follow
from pierhead.cli.invocation import Connection, Invocation
from pierhead.cli.options import with_api
from pierhead.cli.progress import progress_on
from pierhead.cli.run_table import images_of, tell_run
from pierhead.cli.ways import ImagesElsewhereError, images_elsewhere, is_here, tell_ways


@click.command()
@click.argument("pipeline", metavar="PIPELINE.yaml")
@click.option("--stage", "stages", multiple=True, metavar="ID", help="Only this stage; may be repeated.")
@click.option(
    "--output", metavar="DIR", type=click.Path(path_type=Path), help="Put the images there, as an OCI image layout."
)
@click.option("--no-wait", is_flag=True, help="Start the run and leave it to the server.")
@with_api
def init(invocation: Invocation, pipeline: str, stages: tuple[str, ...], output: Path | None, no_wait: bool) -> int:
    """Resolve and pull every image that a pipeline needs.

    Prints where each image came from and why, its digest, bytes and time. Exit code 1 when an image failed. Ctrl-C
    cancels the run, a second one leaves at once. PIPELINE.yaml may be - for standard input.
    """
    _, raw = read_source(pipeline)
    connection = invocation.connection(replace(invocation.target, images=output, makes_data=True))
    _check(connection, output, no_wait=no_wait)
    run = connection.api.call("POST", "/pierhead/v1/pipelines/initialize", {"stage": list(stages)}, raw)
    if no_wait:
        _tell(invocation, run, run["id"])
        return 0
    tell_ways(invocation.screen, connection.api, run)
    run, is_interrupted = _followed(invocation, run["id"])
    if output is not None and not connection.is_local:
        _copy(connection, run, output)
    _tell(invocation, run)
    if output is not None and (elsewhere := images_elsewhere(run)):
        raise ImagesElsewhereError(elsewhere)
    if is_interrupted:
        return INTERRUPTED
    return 0 if run["state"] == "succeeded" else FAILED


def _check(connection: Connection, output: Path | None, *, no_wait: bool) -> None:
    if no_wait and connection.is_local:
        raise UsageError("--no-wait needs a server: nobody else would go on with the run", hint="start `pierhead up`")
    if output is not None and no_wait:
        raise UsageError("--output and --no-wait exclude each other: there is nothing to write yet")
    if output is not None and connection.images is None:
        raise UsageError(
            f"--output cannot be had from {connection.api.place}: its images are on another machine",
            hint="leave --output out, or run init on that machine or with no --url",
        )


def _followed(invocation: Invocation, run_id: str) -> tuple[dict[str, Any], bool]:
    """The final run, and whether it was interrupted here."""
    api = invocation.api()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a CI that stops us means the same as Ctrl-C
    try:
        with progress_on(invocation.screen) as progress:
            return follow(api, run_id, progress), False
    except KeyboardInterrupt:
        return _cancelled(invocation, api, run_id), True


def _cancelled(invocation: Invocation, api: ApiClient, run_id: str) -> dict[str, Any]:
    invocation.screen.note("cancelling the run; Ctrl-C again leaves at once")
    try:
        api.call("POST", f"{RUNS}/{segment(run_id)}/cancel")
        with progress_on(invocation.screen) as progress:
            return follow(api, run_id, progress)
    except KeyboardInterrupt:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
        # Nothing may wait for anything any more. What was written is whole: a layout is never half-way.
        os._exit(INTERRUPTED)


def _copy(connection: Connection, run: dict[str, Any], output: Path) -> None:
    """What the platform pulled, from the server's layout on this machine: the very digests of the run, hashed again."""
    from pierhead.oci.digest import Digest
    from pierhead.worker.runtimes.oci_layout import OciLayout

    assert connection.images is not None
    held = [image for _, image in images_of(run) if image.get("state") in ("pulled", "present") and is_here(image)]
    wanted = [(image["reference"], Digest.parse(image["digest"])) for image in held]
    OciLayout(connection.images).copy_to(OciLayout(output), wanted)


def _tell(invocation: Invocation, run: dict[str, Any], line: str | None = None) -> None:
    if invocation.screen.is_json:
        invocation.screen.json(run)
    elif line is not None:
        invocation.screen.line(line)
    else:
        tell_run(invocation.screen, run, is_verbose=invocation.is_verbose)
