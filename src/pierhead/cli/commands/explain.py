"""``pierhead explain``: what init would do and why, with no effect."""

import click

from pierhead.cli.documents import read_source
from pierhead.cli.errors import FAILED, UsageError
from pierhead.cli.invocation import Invocation
from pierhead.cli.options import with_api
from pierhead.cli.plan_text import has_errors, tell_plan


@click.command()
@click.argument("pipeline", metavar="PIPELINE.yaml")
@click.option("--stage", "stages", multiple=True, metavar="ID", help="Only this stage; may be repeated.")
@click.option("--render", type=click.Choice(["kubernetes"]), help="Print the manifests of the build Pods instead.")
@click.option(
    "--reveal-secrets", is_flag=True, help="With --render: real pull secrets; only on the data directory itself."
)
@with_api
def explain(
    invocation: Invocation, pipeline: str, stages: tuple[str, ...], render: str | None, reveal_secrets: bool
) -> int:
    """Say which images a pipeline needs, from where, and why.

    Nothing is pulled and no registry is asked. Exit code 1 when an image could not be pulled this way.
    PIPELINE.yaml may be - for standard input.
    """
    _, raw = read_source(pipeline)
    if reveal_secrets and render is None:
        raise UsageError("--reveal-secrets is for --render kubernetes only")
    if render is not None:
        from pierhead.cli.kubernetes import print_manifests

        print_manifests(invocation, raw, stages, reveals=reveal_secrets)
        return 0
    plan = invocation.api().call("POST", "/pierhead/v1/pipelines/explain", {"stage": list(stages)}, raw)
    if invocation.screen.is_json:
        invocation.screen.json(plan)
    else:
        tell_plan(invocation.screen, plan)
    return FAILED if has_errors(plan) else 0
