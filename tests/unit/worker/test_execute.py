"""Tasks of the protocol, done against a fake registry: what fails is part of the result."""

import threading

import pytest

from pierhead.kit.errors import AppError, InvalidInputError
from pierhead.oci.digest import Digest
from pierhead.protocol.tasks import (
    FailedResult,
    ImageEvent,
    ListRepositoriesTask,
    ListTagsTask,
    PullImage,
    PullResult,
    PullTask,
    RegistryAccess,
    RepositoriesResult,
    ResolveTask,
    TagsResult,
    TestConnectionTask,
)
from pierhead.registry.endpoint import Anonymous, UsernamePassword
from pierhead.testing.fake_registry import BasicLogin, BlobFault, FakeRegistry, Scripted, Then
from pierhead.testing.images import image, layer, multi_platform, noise
from pierhead.worker.access import endpoint_of
from pierhead.worker.cancel import CancelToken
from pierhead.worker.execute import execute, task_failure


@pytest.fixture
def run(puller):
    events: list[ImageEvent] = []

    def run(task, **more):
        if isinstance(task, PullTask):
            more = {"layout": puller.layout, "emit": events.append, **more}
        return execute(task, transport=puller.transport, **more)

    run.events = events
    return run


def access(fake, **more) -> RegistryAccess:
    return RegistryAccess(connector="account.test", url=fake.url, **more)


def order(fake, name, **more) -> PullImage:
    return PullImage(**{"key": name, "reference": f"{fake.host}/{name}", "registry": access(fake), **more})


def test_an_image_that_cannot_be_understood_fails_alone(run, fake, base):
    fake.add("team/good", "1", image([base]))
    bad = {
        "reference": {"reference": "NOT A REFERENCE"},
        "digest": {"digest": "md5:0"},
        "platform": {"platform": "linux"},
        "url": {"registry": RegistryAccess(url="ftp://registry.example")},
        "half": {"registry": RegistryAccess(url=fake.url, username="somebody")},
    }
    orders = [order(fake, "team/good:1", key=key, **change) for key, change in bad.items()]
    result = run(PullTask(images=(*orders, order(fake, "team/good:1"))))
    assert isinstance(result, PullResult)
    assert [event.key for event in result.images] == [*bad, "team/good:1"]
    failed = {event.key: event.error.category for event in result.images if event.error}
    assert failed == dict.fromkeys(bad, "invalid-input")
    assert result.images[-1].state == "pulled"


def test_two_images_with_one_key_fail_the_task(run, fake):
    result = run(PullTask(images=(order(fake, "team/a:1", key="1"), order(fake, "team/b:1", key="1"))))
    assert isinstance(result, FailedResult)
    assert result.error.category == "invalid-input"


def test_half_a_credential_never_becomes_an_anonymous_pull():
    for half in ({"username": "u"}, {"password": "p"}):
        with pytest.raises(InvalidInputError):
            endpoint_of(RegistryAccess(url="https://registry.example", **half))


def test_a_failure_says_what_was_exchanged(run, fake):
    (event,) = run(PullTask(images=(order(fake, "team/none:1"),))).images
    assert (event.error.code, event.error.exchange.status, event.error.retryable) == ("manifest-unknown", 404, False)
    assert event.error.exchange.url.startswith(fake.url)
    assert event.error.hint


def test_a_cancelled_task_says_so(run, fake, base):
    held = layer({"bytes": noise(500_000)})
    fake.add("team/tool", "1", image([base, held]))
    fault = fake.faults.hit_blob(held.digest, BlobFault(Then.HOLD, after_bytes=1))
    cancel = CancelToken()
    threading.Thread(target=lambda: fault.reached.wait(30) and cancel.cancel(), daemon=True).start()
    (event,) = run(PullTask(images=(order(fake, "team/tool:1"),)), cancel=cancel).images
    assert event.error.code == "pull-cancelled"


def test_a_pull_needs_a_layout(puller):
    with pytest.raises(TypeError):
        execute(PullTask(images=()), transport=puller.transport)


def test_a_pull_tells_each_step_and_gives_the_last_ones(run, fake, base):
    made = image([base])
    fake.add("team/tool", "1", made)
    result = run(PullTask(images=(order(fake, "team/tool:1"),)))
    assert [event.state.value for event in run.events] == ["resolving", "resolved", "pulling", "pulled"]
    assert result.images == (run.events[-1],)
    assert result.images[0].digest == str(made.descriptor.digest)


def test_a_resolved_digest_is_pulled_under_the_name_of_the_tag(run, fake, base, puller):
    old = image([base])
    fake.add("team/tool", "1", old)
    fake.add("team/tool", "1", image([base, layer({"new": "new"})]))
    digest = str(old.descriptor.digest)
    result = run(PullTask(images=(order(fake, "team/tool:1", digest=digest, platform="linux/amd64"),)))
    assert result.images[0].digest == digest
    assert [held.name for held in puller.layout.images()] == [f"{fake.host}/team/tool:1"]


def test_credentials_reach_the_registry(puller, base):
    with FakeRegistry(BasicLogin({"robot": "right"})) as fake:
        fake.add("team/tool", "1", image([base]))
        login = access(fake, username="robot", password="right")
        task = PullTask(images=(order(fake, "team/tool:1", registry=login),))
        result = execute(task, layout=puller.layout, transport=puller.transport, emit=lambda event: None)
    assert result.images[0].state == "pulled"


def test_tags_are_listed_up_to_the_limit_and_the_rest_is_not_hidden(run, fake, base):
    for tag in ("a", "b", "c"):
        fake.add("team/tool", tag, image([base]))
    task = ListTagsTask(registry=access(fake), repository="team/tool", limit=2)
    assert run(task) == TagsResult(name="team/tool", tags=("a", "b"), truncated=True)
    assert run(task.model_copy(update={"limit": 3})) == TagsResult(
        name="team/tool", tags=("a", "b", "c"), truncated=False
    )


@pytest.mark.parametrize("repository", ["team/none", "NOT A NAME", "../../etc"])
def test_tags_of_what_is_not_there_are_a_failure(run, fake, repository):
    result = run(ListTagsTask(registry=access(fake), repository=repository))
    assert isinstance(result, FailedResult)


def test_repositories_are_listed_up_to_the_limit(run, fake, base):
    for name in ("a", "b", "c"):
        fake.add(f"team/{name}", "1", image([base]))
    task = ListRepositoriesTask(registry=access(fake), limit=2)
    assert run(task) == RepositoriesResult(repositories=("team/a", "team/b"), truncated=True)
    assert run(task.model_copy(update={"limit": 3})).truncated is False


def test_a_registry_that_does_not_list_its_repositories_is_a_failure(run, fake):
    fake.faults.script(Scripted("GET", "_catalog", 404, times=9))
    result = run(ListRepositoriesTask(registry=access(fake)))
    assert (result.error.code, result.error.category) == ("registry-does-not-offer", "unsupported")


def test_a_tag_of_an_index_is_resolved_to_its_digest_and_platforms(run, fake, base):
    made = multi_platform([base], "tool")
    fake.add("team/tool", "1", made)
    result = run(ResolveTask(registry=access(fake), reference=f"{fake.host}/team/tool:1"))
    assert (result.digest, result.size_bytes) == (str(made.descriptor.digest), len(made.raw))
    assert {each.platform: each.digest for each in result.platforms} == {
        str(entry.platform): str(entry.digest) for entry in made.manifests[:2]
    }


def test_a_tag_of_one_image_has_no_platforms_to_choose_from(run, fake, base):
    made = image([base])
    fake.add("team/tool", "latest", made)
    result = run(ResolveTask(registry=access(fake), reference=f"{fake.host}/team/tool"))
    assert (result.digest, result.platforms) == (str(made.descriptor.digest), ())


@pytest.mark.parametrize("reference", ["team/none:1", "NOT A REFERENCE"])
def test_what_cannot_be_resolved_is_a_failure(run, fake, reference):
    assert isinstance(run(ResolveTask(registry=access(fake), reference=reference)), FailedResult)


def test_a_connection_is_tested(run, fake, base):
    fake.add("team/tool", "1", image([base]))
    report = run(TestConnectionTask(registry=access(fake), images=(f"{fake.host}/team/tool:1",)))
    assert (report.outcome, report.error) == ("success", None)
    assert [step.name for step in report.steps][:2] == ["name resolution", "TCP connection"]


def test_settings_that_cannot_be_understood_fail_the_test(run):
    report = run(TestConnectionTask(registry=RegistryAccess(url="ftp://registry.example")))
    assert (report.outcome, report.steps[0].name, report.error.category) == ("failure", "settings", "invalid-input")


def test_all_settings_of_a_connector_arrive():
    access = RegistryAccess(
        connector="account.hub",
        url="https://index.docker.io/v1/",
        username="u",
        password="p",
        secret_version="7",
        ca_pem="CA",
        client_certificate_pem="CERT",
        client_key_pem="KEY",
        proxy_url="http://pu:pp@proxy.example:3128",
        no_proxy=(".internal",),
        trusted_realm_hosts=("auth.example",),
    )
    endpoint = endpoint_of(access)
    assert str(endpoint.origin) == "https://registry-1.docker.io"
    assert isinstance(endpoint.credential, UsernamePassword)
    assert (endpoint.connector, endpoint.secret_version) == ("account.hub", "7")
    assert endpoint.tls.ca_pem == "CA"
    assert endpoint.tls.client_key_pem.reveal() == "KEY"
    assert (endpoint.proxy.url, endpoint.proxy.username, endpoint.proxy.no_proxy) == (
        "http://proxy.example:3128",
        "pu",
        (".internal",),
    )
    assert endpoint.trusted_realm_hosts == {"auth.example"}
    assert isinstance(endpoint_of(RegistryAccess(url="registry.example")).credential, Anonymous)


def test_an_error_about_no_registry_is_a_failure_too():
    failure = task_failure(AppError("it broke", hint="mend it"))
    assert (failure.message, failure.hint) == ("it broke", "mend it")


def test_a_digest_is_told_in_its_own_spelling(run, fake, base):
    fake.add("team/tool", "1", image([base]))
    (event,) = run(PullTask(images=(order(fake, "team/tool:1"),))).images
    assert Digest.parse(event.digest) == Digest.parse(event.manifest_digest)
