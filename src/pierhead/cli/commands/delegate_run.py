"""``pierhead delegate run``: a delegate, in the foreground."""

from pathlib import Path
from typing import Any

import click

_PATH = click.Path(path_type=Path)


@click.command("run")
@click.option("--url", help="The server, https://host[:port].  [default: $PIERHEAD_URL]")
@click.option("--token-file", type=_PATH, help="File with the delegate token; needed for the first start only.")
@click.option("--token", help="The token itself; others on this machine can see it: prefer a file or the environment.")
@click.option("--name", help="Name; replicas share one.  [default: $PIERHEAD_DELEGATE_NAME or the host's]")
@click.option("--tag", "tags", multiple=True, help="Tag that it can be selected by (repeatable, comma separated).")
@click.option("--description", help="A few words for people.")
@click.option("--state", type=_PATH, help="Directory for its keys.  [default: ~/.local/share/pierhead-delegate]")
@click.option("--images", type=_PATH, help="OCI image layout for pulled images.  [default: STATE/images]")
@click.option("--capacity", type=click.IntRange(1, 1000), help="Most tasks at a time.  [default: 4]")
@click.option(
    "--allow-registry",
    multiple=True,
    help="Registry, proxy or other host it may go to: host, host:port, host:*, *.domain (repeatable).  [default: all]",
)
@click.option("--ca-file", type=_PATH, help="Certificate of the authority that signed the server's, as PEM.")
@click.option("--proxy", help="HTTP proxy to reach the server by.  [default: $HTTPS_PROXY, unless $NO_PROXY]")
@click.option("--health", help="Loopback address and port for GET /healthz, 127.0.0.1:PORT.  [default: none]")
@click.option("--insecure-http", is_flag=True, help="Plain http to other machines; anybody on the way can listen.")
@click.option("--drain-timeout", type=float, help="Seconds to finish running tasks when told to stop.  [default: 300]")
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"], case_sensitive=False),
    help="The least that is logged.  [default: info]",
)
@click.option("--json", "is_json", is_flag=True, help="Log lines as JSON.")
def delegate_run(**given: Any) -> int:
    """Run a delegate in the foreground.

    It only calls out to the server, and performs tasks at registries that the server may not reach itself. The first
    start needs a delegate token (PIERHEAD_DELEGATE_TOKEN or --token-file); later ones use the keys in the state
    directory. SIGTERM lets running tasks finish; a second one gives them back at once.
    """
    from pierhead.delegate.main import run
    from pierhead.delegate.settings import DelegateSettings, Options

    return run(DelegateSettings.read(Options(**given)))
