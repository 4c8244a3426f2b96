"""Which images a stage needs, and for whom; pure.

The order is that of use: what the stage cannot start without, the clone of the codebase, then step by step. Names,
versions and sources are decided later. A step about which nothing is known leaves a warning, never silence.
"""

from dataclasses import dataclass
from typing import Final

from pierhead.control.catalogue import Infra
from pierhead.control.delegates import Origin, normalised

from .model import ImageNeed, ImageUse, PullPolicy, Role, Stage, Step
from .step_types import StepKind, StepType, step_types

CLONE_FIELD: Final = "gitCloneTag"
CLONE_USE: Final = "clone codebase"
CORE: Final = {Infra.K8: (("addonTag", "setup-addon"), ("liteEngineTag", "lite-engine")), Infra.VM: ()}


_NONE: Final[tuple[tuple[str, ...], Origin]] = ((), Origin.NOBODY)
_Asked = tuple[Role, str, str | None, bool, str | None, str | None, tuple[str, ...], Origin]


@dataclass(frozen=True, slots=True)
class StageNeeds:
    images: tuple[ImageNeed, ...]
    warnings: tuple[str, ...] = ()


def needs_of(stage: Stage) -> StageNeeds:
    """The images of a stage, each once with all its users."""
    infra = stage.infrastructure.infra
    needs = _Needs()
    for field, container in CORE[infra]:
        needs.add(Role.CORE, field, container, container)
    if stage.clones_codebase:
        needs.add(Role.CORE, CLONE_FIELD, CLONE_USE, "git-clone")
    types = step_types()
    for step in stage.steps:
        known = types.get(step.type)
        if step.template is not None or known is None:
            needs.warnings.append(_unknown(step))
        elif known.kind is StepKind.USER and step.image is None:
            if infra is Infra.K8:
                needs.warnings.append(_without_image(step))
        elif known.kind is not StepKind.NO_IMAGE:
            needs.add_step(step, known)
    return StageNeeds(needs.images(), tuple(needs.warnings))


class _Needs:
    """Collects users by image; what is one image is said by the key."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self._users: dict[tuple[object, ...], list[ImageUse]] = {}
        self._asked: list[_Asked] = []
        self._order = 0

    def add(
        self,
        role: Role,
        purpose: str,
        user: str,
        container: str,
        *,
        image: str | None = None,
        is_scanner: bool = False,
        tag: str | None = None,
        connector_ref: str | None = None,
        pull_policy: PullPolicy | None = None,
        selectors: tuple[str, ...] = (),
        selected_by: Origin = Origin.NOBODY,
    ) -> None:
        """One more user of an image; an image that is known keeps the role and the purpose of its first user."""
        key: tuple[object, ...] = (image is None, image or purpose, tag, connector_ref)
        if selectors:
            key = (*key, selectors, selected_by)
        users = self._users.get(key)
        if users is None:
            users = self._users[key] = []
            self._asked.append((role, purpose, image, is_scanner, tag, connector_ref, selectors, selected_by))
        users.append(ImageUse(user, container, self._order, pull_policy))
        self._order += 1

    def add_step(self, step: Step, known: StepType) -> None:
        is_user, is_scanner = known.kind is StepKind.USER, known.kind is StepKind.SCANNER
        selectors, selected_by = _selectors(step)
        self.add(
            Role.USER if is_user else Role.STEP,
            step.path if is_user else known.image_for(step.source_type),
            step.path,
            f"step-{step.path}",
            image=step.image,
            is_scanner=is_scanner,
            tag=step.image_tag,
            connector_ref=step.connector_ref,
            pull_policy=step.pull_policy,
            selectors=selectors,
            selected_by=selected_by,
        )

    def images(self) -> tuple[ImageNeed, ...]:
        return tuple(
            ImageNeed(role, purpose, tuple(users), image, is_scanner, tag, connector_ref, selectors, selected_by)
            for (role, purpose, image, is_scanner, tag, connector_ref, selectors, selected_by), users in zip(
                self._asked, self._users.values(), strict=True
            )
        )


def _selectors(step: Step) -> tuple[tuple[str, ...], Origin]:
    """The step's own count before those of the group around it."""
    if step.selectors:
        return normalised(step.selectors), Origin.STEP
    if step.group_selectors:
        return normalised(step.group_selectors), Origin.STEP_GROUP
    return _NONE


def _unknown(step: Step) -> str:
    if step.template is not None:
        return (
            f"step {step.path} is made from the template {step.template}: its images are not known here; "
            "give the pipeline with its templates filled in"
        )
    kind = step.type[:80]
    return f"step {step.path} is of type {kind}, of which it is not known which image it needs: none is planned"


def _without_image(step: Step) -> str:
    return f"step {step.path} ({step.type}) names no image: on Kubernetes there is nothing to run it in"
