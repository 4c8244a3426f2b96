"""What is collected for an examination: connectors whose delegates are away, pipelines as they refer to things."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pierhead.control.connectors import Connector, parse_connector
from pierhead.control.delegates import DelegateState
from pierhead.control.scopes import Scope
from pierhead.server.jobs.pipeline_facts import pipeline_fact
from pierhead.server.jobs.reaching import Reaching
from pierhead.testing.application import MemoryApplication, memory_application
from pierhead.testing.enrolled import enrol

PIPELINE = """
pipeline:
  identifier: demo
  stages:
    - stage:
        identifier: build
        type: CI
        spec:
          infrastructure:
            type: KubernetesDirect
            spec: {connectorRef: account.cluster, namespace: builds, harnessImageConnectorRef: org.ci}
          execution:
            steps:
              - step: {identifier: t, type: Run, spec: {command: x, image: "a/b:1", connectorRef: account.own}}
              - step: {identifier: u, type: Run, spec: {command: x, image: "c/d:1", connectorRef: "bad ref"}}
    - stage:
        identifier: test
        type: CI
        spec:
          infrastructure: {type: KubernetesDirect, spec: {connectorRef: account.cluster, namespace: builds}}
          execution: {steps: [{step: {identifier: t, type: Run, spec: {command: x}}}]}
"""


@pytest.fixture
def application(tmp_path) -> MemoryApplication:
    return memory_application(tmp_path)


def connector(application: MemoryApplication, *selectors: str, on_delegate: bool = True) -> Connector:
    spec = {"dockerRegistryUrl": "https://r.example", "providerType": "Other", "auth": {"type": "Anonymous"}}
    spec |= {"delegateSelectors": list(selectors), "executeOnDelegate": on_delegate}
    document = {"identifier": "hub", "name": "n", "type": "DockerRegistry", "spec": spec}
    return application.connectors.create(parse_connector({"connector": document}, application.account.id)).connector


def why(application: MemoryApplication, one: Connector) -> str:
    found = Reaching(application.delegates, application.clock).unreached(application.account.id, [one])
    return found.get((one.scope, one.identifier), "")


def test_a_connector_that_the_platform_reaches_waits_for_nobody(application) -> None:
    assert why(application, connector(application, "gpu", on_delegate=False)) == ""


def test_where_nobody_is_enrolled_the_platform_does_it_unless_tags_are_asked_for(application) -> None:
    one = connector(application)
    assert why(application, one) == ""
    assert "no enabled one has that" in why(
        application, replace(one, spec=replace(one.spec, delegate_selectors=("x",)))
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"tags": ("gpu",)}, ""),
        ({"tags": ("GPU", "more")}, ""),
        ({"tags": ("gpu",), "is_connected": False}, "none of them is online"),
        ({"tags": ("gpu",), "state": DelegateState.DISABLED}, "no enabled one has that"),
        ({"tags": ("cpu",)}, "no enabled one has that"),
    ],
)
def test_a_connector_waits_for_an_enabled_delegate_with_its_tags_that_is_online(application, more, said) -> None:
    enrol(application, Scope(application.account.id), "builder", **more)
    found = why(application, connector(application, "gpu"))
    assert said in found
    assert bool(found) == bool(said)


def test_a_delegate_of_a_project_does_not_serve_the_account(application) -> None:
    application.place("o", "p")
    enrol(application, Scope(application.account.id, "o", "p"), "builder", tags=("gpu",))
    assert "no enabled one has that" in why(application, connector(application, "gpu"))


def test_a_delegate_that_was_not_heard_of_for_long_is_not_online(application) -> None:
    enrol(application, Scope(application.account.id), "builder")
    one = connector(application)
    assert why(application, one) == ""
    application.clock.advance(timedelta(hours=1).total_seconds())
    assert "none of them is online: builder" in why(application, one)


def test_a_pipeline_gives_its_references_images_and_stages_without_a_connector() -> None:
    fact = pipeline_fact("ci.yml", PIPELINE, Scope("a", "o", "p"))
    assert [(str(use.reference), use.user.place) for use in fact.uses] == [
        ("org.ci", "stage build, its image connector"),
        ("account.own", "stage build, step t, line 14"),
    ]
    assert [(each.image, str(each.connector)) for each in fact.images] == [("a/b:1", "account.own"), ("c/d:1", "None")]
    assert fact.defaults == ("test",)


@pytest.mark.parametrize("text", ["", "a: [b", "kind: x", "\0", "stages: 5"])
def test_what_is_no_pipeline_says_why_and_gives_nothing(text: str) -> None:
    fact = pipeline_fact("x.yml", text, Scope("a"))
    assert fact.unreadable
    assert (fact.uses, fact.images) == ((), ())
