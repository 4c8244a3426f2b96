"""``pierhead diagnose``: why an image cannot be had, from an error text, a run or an image's name."""

from typing import Any

import click

from pierhead.cli.complete import completes
from pierhead.cli.diagnosis_text import tell_diagnosis
from pierhead.cli.documents import read_source
from pierhead.cli.errors import FAILED, UsageError
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api

_PATH = "/pierhead/v1/diagnose"
_MOST = 256 * 1024
"""What the API takes; of longer texts the end is sent, where the error stands."""


@click.command()
@click.argument("text", required=False)
@click.option(
    "--run", "run", metavar="RUN", shell_complete=completes("runs"), help="Why the images of this run failed."
)
@click.option("--image", metavar="IMAGE", help="Look at this image.")
@click.option("--platform", metavar="OS/ARCH", help="The platform that is wanted.")
@click.option(
    "--connector", shell_complete=completes("connectors"), help="Whom to ask.  [default: the one that leads there]"
)
@click.option("--no-live", is_flag=True, help="Ask no registry: only read the text.")
@with_api
def diagnose(
    invocation: Invocation,
    text: str | None,
    run: str | None,
    image: str | None,
    platform: str | None,
    connector: str | None,
    no_live: bool,
) -> int:
    """Say why an image cannot be had, and what to do.

    TEXT is what kubelet, containerd, Docker, podman, buildkit, kaniko, skopeo or Pierhead said, with as many lines
    around it as you like; - reads it from standard input. With --no-live a text is read on this machine, and no server
    is needed. Exit code 1 when no cause was found.
    """
    subject = _subject(text, run, image)
    if no_live and "text" in subject:
        data = _read_here(subject["text"], platform)
    else:
        body = {**subject, "platform": platform, "connectorRef": connector, "live": not no_live}
        sent = {key: value for key, value in body.items() if value is not None}
        data = invocation.api().call("POST", _PATH, body=sent)
    if invocation.screen.is_json:
        invocation.screen.json(data)
    else:
        tell_diagnosis(invocation.screen, data)
    return 0 if data["isKnown"] else FAILED


def _read_here(text: str, platform: str | None) -> dict[str, Any]:
    from pierhead.server.api.wire.diagnose import DiagnoseResult

    return DiagnoseResult.of_text(text, platform or "").model_dump(by_alias=True, mode="json")


def _subject(text: str | None, run: str | None, image: str | None) -> dict[str, Any]:
    given = {"text": text, "runId": run, "image": image}
    named = {key: value for key, value in given.items() if value is not None}
    if len(named) != 1:
        raise UsageError(
            "give an error text, --run RUN or --image IMAGE", hint="kubectl describe pod POD | pierhead diagnose -"
        )
    if text is None:
        return named
    if text == "-":
        text = read_source("-")[1].decode("utf-8", "replace")
    text = text.replace("\0", "").encode("utf-8", "replace").decode()
    if not text.strip():
        raise UsageError("there is no text to look at", hint="kubectl describe pod POD | pierhead diagnose -")
    return {"text": text[-_MOST:]}
