"""A mirror with gates in a whole server: nothing gets its name at the target before every gate let it through."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from pierhead.control.gates import (
    ApprovalRequired,
    Gate,
    GateExceptionDraft,
    GateKind,
    GatePolicyDraft,
    MaximumSize,
    MinimumAge,
    Platforms,
)
from pierhead.control.mirroring import (
    MirrorDraft,
    MirroredRepository,
    MirrorRun,
    MirrorSpec,
    NotInQuarantineError,
    RunState,
)
from pierhead.control.scopes import ScopedReference
from pierhead.oci.tag_selection import TagRules
from pierhead.server.bootstrap import Application
from pierhead.testing import images
from pierhead.testing.fake_registry import FakeRegistry
from pierhead.testing.images import layer, noise_layer

APP = MirroredRepository("team/app", TagRules(semver=">=1"))
Gated = Callable[..., None]
Run = Callable[..., MirrorRun]


@pytest.fixture
def gated(application: Application) -> Gated:
    def write(*gates: Gate) -> None:
        application.gating.policies.create(GatePolicyDraft(application.scope, "trust", "trust", gates))
        spec = MirrorSpec(
            ScopedReference.parse("account.src"),
            ScopedReference.parse("account.dst"),
            (APP,),
            gate_policy=ScopedReference.parse("account.trust"),
        )
        application.mirroring.service.create(MirrorDraft(application.scope, "m", "m", spec))

    return write


def an_image(text: str) -> images.Image:
    return images.image([layer({"own": text})])


def test_what_passes_gets_its_name_and_what_does_not_stays_in_quarantine(
    source: FakeRegistry, target: FakeRegistry, gated: Gated, run: Run, tmp_path
) -> None:
    small = source.add("team/app", "1.0", an_image("small"))
    large = source.add("team/app", "1.1", images.image([noise_layer(300_000, tmp_path / "layer", 1)]))
    gated(MaximumSize(100_000), Platforms(("linux/amd64",)))
    done = run()
    said = {item.plan.tag: (item.state, item.code) for item in done.items}
    assert done.state is RunState.INCOMPLETE, done
    assert said == {"1.0": ("copied", ""), "1.1": ("blocked", "gate-blocked")}
    assert digest_at(target, "team/app", "1.0") == small
    assert digest_at(target, "team/app", "1.1") is None
    assert digest_at(target, "quarantine/team/app", "1.1") == large
    blocked = next(item for item in done.items if item.state == "blocked")
    assert blocked.verdict is not None
    assert blocked.verdict["outcome"] == "fail"
    assert "bytes" in blocked.message


def test_an_exception_with_a_reason_and_an_end_lets_a_blocked_image_through(
    application: Application, source: FakeRegistry, target: FakeRegistry, gated: Gated, run: Run
) -> None:
    digest = source.add("team/app", "1.0", an_image("one"))
    gated(MaximumSize(10))
    assert [item.state for item in run().items] == ["blocked"]
    until = application.clock.now() + timedelta(days=7)
    application.gating.exceptions.create(
        GateExceptionDraft(application.scope, "big", "big", GateKind.MAXIMUM_SIZE, str(digest), "asked for it", until)
    )
    (item,) = run().items
    assert (item.state, item.verdict and item.verdict["outcome"]) == ("copied", "excepted")
    assert digest_at(target, "team/app", "1.0") == digest


def test_an_image_that_is_too_young_waits_until_the_ledger_is_old_enough(
    source: FakeRegistry, target: FakeRegistry, gated: Gated, run: Run
) -> None:
    source.add("team/app", "1.0", an_image("one"))
    gated(MinimumAge(2))
    assert [item.state for item in run().items] == ["blocked"]
    assert digest_at(target, "team/app", "1.0") is None


def test_an_approval_is_somebody_elses_word_for_one_digest(
    application: Application, source: FakeRegistry, target: FakeRegistry, gated: Gated, run: Run
) -> None:
    source.add("team/app", "1.0", an_image("one"))
    gated(ApprovalRequired(1))
    service, scope = application.mirroring.service, application.scope
    with pytest.raises(NotInQuarantineError):
        service.approve(scope, "m", "team/app:1.0", "", "looked at it", "USER://ada")
    assert [item.state for item in run(asked_key="USER://bob").items] == ["waiting"]
    service.approve(scope, "m", "team/app:1.0", "", "my own image", "USER://bob")
    assert [item.state for item in run(asked_key="USER://bob").items] == ["waiting"]
    with pytest.raises(NotInQuarantineError):
        service.approve(scope, "m", "team/app:1.0", "sha256:" + "0" * 64, "another digest", "USER://ada")
    service.approve(scope, "m", "team/app:1.0", "", "looked at it", "USER://ada")
    assert [item.state for item in run(asked_key="USER://bob").items] == ["copied"]
    moved = source.add("team/app", "1.0", an_image("two"))
    assert [item.state for item in run(asked_key="USER://bob").items] == ["waiting"]
    assert digest_at(target, "team/app", "1.0") != moved


def test_a_policy_that_is_gone_fails_the_run_and_lets_nothing_through(
    application: Application, source: FakeRegistry, target: FakeRegistry, gated: Gated, run: Run
) -> None:
    source.add("team/app", "1.0", an_image("one"))
    gated(MaximumSize(10_000_000))
    application.gating.policies.delete(application.scope, "trust")
    done = run()
    assert done.state is RunState.FAILED
    assert "trust" in done.error["message"]
    assert digest_at(target, "team/app", "1.0") is None


def digest_at(registry: FakeRegistry, repository: str, tag: str) -> object:
    found = registry.content.find_manifest(repository, tag)
    return found[0] if found else None
