"""``pierhead completion``: scripts that Click writes; nothing is installed anywhere."""

import click
from click.shell_completion import get_completion_class

from pierhead.cli.errors import UsageError


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print a shell's completion script.

    \b
    bash:  eval "$(pierhead completion bash)"
    zsh:   eval "$(pierhead completion zsh)"
    fish:  pierhead completion fish | source
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise UsageError(f"no completion for {shell}")
    program = click.get_current_context().find_root().command
    click.echo(kind(program, {}, "pierhead", "_PIERHEAD_COMPLETE").source())
