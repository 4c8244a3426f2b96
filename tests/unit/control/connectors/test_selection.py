"""Stage, account, built-in: which connector the CI's own images come through."""

from datetime import UTC, datetime

import pytest

from pierhead.control.connectors import (
    Connector,
    ConnectorNotFoundError,
    ConnectorSource,
    DockerRegistrySpec,
    FindConnector,
    ProviderType,
    select_connector,
    select_step_connector,
)
from pierhead.control.scopes import InvalidReferenceError, Scope

ACC = Scope("acc")
ORG = Scope("acc", "o")
PROJECT = Scope("acc", "o", "p")
NOW = datetime(2026, 1, 5, tzinfo=UTC)


def connector(scope: Scope, identifier: str, url: str = "https://my.registry/path") -> Connector:
    spec = DockerRegistrySpec(url, ProviderType.OTHER)
    return Connector("id", scope, identifier, identifier, "", {}, spec, 1, NOW, NOW)


def finder(*there: Connector) -> FindConnector:
    rows = {(each.scope, each.identifier): each for each in there}
    return lambda scope, identifier: rows.get((scope, identifier))


DEFAULT = connector(ACC, "harnessImage")
MIRROR = connector(ACC, "mirror")


@pytest.mark.parametrize(
    ("stage_ref", "there", "chosen", "source"),
    [
        (None, (DEFAULT,), DEFAULT, ConnectorSource.ACCOUNT),
        ("", (DEFAULT,), DEFAULT, ConnectorSource.ACCOUNT),
        ("  ", (DEFAULT,), DEFAULT, ConnectorSource.ACCOUNT),
        (None, (), None, ConnectorSource.BUILT_IN),
        ("account.mirror", (MIRROR, DEFAULT), MIRROR, ConnectorSource.STAGE),
        ("account.mirror", (MIRROR,), MIRROR, ConnectorSource.STAGE),
        ("account.harnessImage", (DEFAULT,), DEFAULT, ConnectorSource.STAGE),
    ],
)
def test_stage_wins_over_account_wins_over_built_in(
    stage_ref: str | None, there: tuple[Connector, ...], chosen: Connector | None, source: ConnectorSource
) -> None:
    choice = select_connector(stage_ref, PROJECT, finder(*there))
    assert (choice.connector, choice.source) == (chosen, source)
    assert [reason.rule for reason in choice.trail] == ["stage", "account", "built-in"]
    assert [reason.rule for reason in choice.trail if reason.chosen] == [source.value]


@pytest.mark.parametrize("there", [(), (DEFAULT,), (DEFAULT, MIRROR)])
def test_a_stage_connector_that_is_not_there_is_an_error_and_never_another_one(there: tuple[Connector, ...]) -> None:
    with pytest.raises(ConnectorNotFoundError) as refusal:
        select_connector("account.gone", PROJECT, finder(*there))
    assert refusal.value.message == "Connector not found for identifier : [gone] with scope: [account]"


def test_an_expression_without_a_value_is_an_error_of_the_same_kind() -> None:
    for text in ("<+input>", "account.<+pipeline.variables.mirror>"):
        with pytest.raises(ConnectorNotFoundError, match="Connector not found for identifier"):
            select_connector(text, PROJECT, finder(DEFAULT))


def test_a_text_that_is_no_reference_is_refused() -> None:
    with pytest.raises(InvalidReferenceError):
        select_connector("team.mirror", PROJECT, finder(DEFAULT))
    with pytest.raises(InvalidReferenceError):
        select_connector("org.mirror", ACC, finder(DEFAULT))


@pytest.mark.parametrize(("stage_ref", "scope"), [("mirror", PROJECT), ("org.mirror", ORG), ("account.mirror", ACC)])
def test_a_stage_may_name_a_connector_of_its_own_scope_or_above(stage_ref: str, scope: Scope) -> None:
    there = connector(scope, "mirror")
    others = [connector(other, "mirror") for other in (ACC, ORG, PROJECT) if other != scope]
    assert select_connector(stage_ref, PROJECT, finder(there, *others)).connector is there


def test_a_harness_image_connector_below_the_account_captures_nothing() -> None:
    choice = select_connector(None, PROJECT, finder(connector(PROJECT, "harnessImage"), connector(ORG, "harnessImage")))
    assert (choice.connector, choice.source) == (None, ConnectorSource.BUILT_IN)


def test_the_built_in_default_is_anonymous_docker_hub_and_is_warned_about() -> None:
    choice = select_connector(None, ACC, finder())
    assert choice.address is not None
    assert choice.address.registry == "docker.io"
    (warning,) = choice.warnings
    assert "anonymous Docker Hub" in warning
    assert "account.harnessImage" in warning


def test_an_ordinary_choice_warns_of_nothing_and_knows_its_address() -> None:
    choice = select_connector(None, ACC, finder(DEFAULT))
    assert choice.warnings == ()
    assert choice.address is not None
    assert (choice.address.registry, choice.address.path_prefix) == ("my.registry", "path")


def test_a_steps_own_connector_is_used_and_must_be_there() -> None:
    choice = select_step_connector("account.mirror", PROJECT, finder(MIRROR, DEFAULT))
    assert (choice.connector, choice.source) == (MIRROR, ConnectorSource.STEP)
    with pytest.raises(ConnectorNotFoundError):
        select_step_connector("account.gone", PROJECT, finder(DEFAULT))


def test_a_step_without_a_connector_uses_none_and_not_the_accounts() -> None:
    choice = select_step_connector(None, PROJECT, finder(DEFAULT))
    assert (choice.connector, choice.source, choice.address) == (None, ConnectorSource.NONE, None)
