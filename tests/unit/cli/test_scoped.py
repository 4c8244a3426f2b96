from pathlib import Path

import pytest

from pierhead.cli.errors import UsageError
from pierhead.cli.invocation import Target
from pierhead.cli.scoped import plain_identifier

ACCOUNT, ORG, PROJECT = (
    Target(data=Path("data")),
    Target(data=Path("data"), org="o"),
    Target(data=Path("data"), org="o", project="p"),
)


@pytest.mark.parametrize(
    ("target", "text", "identifier"),
    [
        (ACCOUNT, "mirror", "mirror"),
        (ACCOUNT, "account.mirror", "mirror"),
        (ORG, "org.mirror", "mirror"),
        (PROJECT, "mirror", "mirror"),
        (ACCOUNT, "odd.mirror", "odd.mirror"),
    ],
)
def test_an_identifier_may_be_written_as_other_outputs_print_it(target: Target, text: str, identifier: str) -> None:
    assert plain_identifier(target, text) == identifier


@pytest.mark.parametrize(("target", "text"), [(ORG, "account.mirror"), (ACCOUNT, "org.mirror"), (PROJECT, "org.m")])
def test_an_identifier_of_another_scope_than_the_commands_is_refused(target: Target, text: str) -> None:
    with pytest.raises(UsageError, match=r"is at (account|org) level"):
        plain_identifier(target, text)
