import re
from pathlib import Path

from pierhead.protocol.agent import DeclineRequest, FinishRequest
from pierhead.protocol.tasks import ListTagsTask, PullImage, PullResult, PullTask, RegistryAccess, TagsResult
from pierhead.testing.control_plane import ControlPlane, Work
from pierhead.testing.fake_registry import FakeRegistry
from pierhead.testing.images import image, layer
from pierhead.testing.scripted_registry import Reply, ScriptedRegistry


def tags(registry: str = "http://127.0.0.1:1") -> ListTagsTask:
    return ListTagsTask(registry=RegistryAccess(url=registry), repository="a/b")


def test_a_task_is_offered_acquired_done_and_its_result_told(plane: ControlPlane, start) -> None:
    with FakeRegistry() as registry:
        registry.add("a/b", "1", image([layer({"x": "y"})]))
        running = start()
        work = plane.offer(Work("task-1", tags(registry.url)))
        plane.until(lambda: work.ends)
    assert isinstance(work.ends[0], FinishRequest)
    assert work.ends[0].result == TagsResult(name="a/b", tags=("1",), truncated=False)
    assert running.is_alive


def test_a_pull_lands_in_the_layout_and_its_progress_is_told(plane: ControlPlane, start, tmp_path: Path) -> None:
    with FakeRegistry() as registry:
        registry.add("a/b", "1", image([layer({"x": "y" * 1000})]))
        start()
        pull = PullImage(key="k", reference=f"{registry.host}/a/b:1", registry=RegistryAccess(url=registry.url))
        work = plane.offer(Work("task-1", PullTask(images=(pull,))))
        plane.until(lambda: work.ends)
    assert isinstance(work.ends[0].result, PullResult)
    assert work.ends[0].result.images[0].state == "pulled"
    assert (tmp_path / "images" / "index.json").exists()


def test_a_registry_that_is_not_on_the_own_list_is_declined_unseen(plane: ControlPlane, start, settings) -> None:
    from pierhead.delegate.allow_list import AllowList

    with FakeRegistry() as registry:
        start(allowed=AllowList(("*.corp.example",)))
        work = plane.offer(Work("task-1", tags(registry.url)))
        plane.until(lambda: work.ends)
        assert registry.requests == ()
    assert isinstance(work.ends[0], DeclineRequest)
    assert [each.code for each in work.ends[0].unreachable] == ["registry-not-allowed"]


def test_an_order_with_a_proxy_that_is_not_on_the_own_list_is_declined_unseen(plane: ControlPlane, start) -> None:
    from pierhead.delegate.allow_list import AllowList

    with FakeRegistry() as registry, ScriptedRegistry("127.0.0.66") as proxy:
        start(allowed=AllowList((registry.host,)))
        access = RegistryAccess(url=registry.url, proxy_url=f"http://u:s3cret@{proxy.authority}")
        work = plane.offer(Work("task-1", ListTagsTask(registry=access, repository="a/b"), check_first=(registry.url,)))
        plane.until(lambda: work.ends)
        assert proxy.connections == 0
    assert isinstance(work.ends[0], DeclineRequest)
    (why,) = work.ends[0].unreachable
    assert (why.origin, why.code) == (registry.url, "registry-not-allowed")
    assert proxy.authority in why.message


def test_a_realm_that_only_the_order_trusts_gets_nothing(plane: ControlPlane, start) -> None:
    from pierhead.delegate.allow_list import AllowList

    with ScriptedRegistry() as registry, ScriptedRegistry("127.0.0.66") as thief:
        registry.whenever("GET", re.compile(".*"), Reply.challenge(f'Bearer realm="{thief.url}/token"'))
        start(allowed=AllowList((registry.authority,)))
        access = RegistryAccess(
            url=registry.url, username="ann", password="s3cret", trusted_realm_hosts=(thief.authority,)
        )
        work = plane.offer(Work("task-1", ListTagsTask(registry=access, repository="a/b")))
        plane.until(lambda: work.ends)
        assert thief.connections == 0
    assert isinstance(work.ends[0], FinishRequest)
    error = work.ends[0].result.error
    assert (error.code, error.category) == ("registry-not-allowed", "denied")
    assert f"--allow-registry {thief.authority}" in error.hint


def test_an_origin_to_check_first_that_is_not_reached_is_declined_with_the_reason(plane: ControlPlane, start) -> None:
    start()
    work = plane.offer(Work("task-1", tags(), check_first=("http://127.0.0.1:1",)))
    plane.until(lambda: work.ends)
    assert isinstance(work.ends[0], DeclineRequest)
    assert work.ends[0].unreachable[0].origin == "http://127.0.0.1:1"
