"""Which images a stage needs, and for whom; pure.

The order is that of use: what the stage cannot start without, the clone of the codebase, then step by step. Names,
versions and sources are decided later. A step about which nothing is known leaves a warning, never silence.
"""

from dataclasses import dataclass, replace
from typing import Final

from pierhead.control.catalogue import Infra

from .model import ImageNeed, ImageUse, Role, Stage, Step
from .step_types import StepKind, StepType, step_types

CLONE_FIELD: Final = "gitCloneTag"
CLONE_USE: Final = "clone codebase"
CORE: Final = {Infra.K8: (("addonTag", "setup-addon"), ("liteEngineTag", "lite-engine")), Infra.VM: ()}


@dataclass(frozen=True, slots=True)
class StageNeeds:
    images: tuple[ImageNeed, ...]
    warnings: tuple[str, ...] = ()


def needs_of(stage: Stage) -> StageNeeds:
    """The images of a stage, each once with all its users."""
    infra = stage.infrastructure.infra
    needs = _Needs()
    for field, container in CORE[infra]:
        needs.add(ImageNeed(Role.CORE, field, ()), container, container)
    if stage.clones_codebase:
        needs.add(ImageNeed(Role.CORE, CLONE_FIELD, ()), CLONE_USE, "git-clone")
    for step in stage.steps:
        _add_step(needs, step, infra)
    return StageNeeds(tuple(needs.found.values()), tuple(needs.warnings))


class _Needs:
    def __init__(self) -> None:
        self.found: dict[tuple[object, ...], ImageNeed] = {}
        self.warnings: list[str] = []
        self._order = 0

    def add(self, need: ImageNeed, user: str, container: str, step: Step | None = None) -> None:
        """One more user of an image; a need that is there already keeps its place and its role."""
        use = ImageUse(user, container, self._order, step.pull_policy if step else None)
        self._order += 1
        kind = "image" if need.role is Role.USER else "field"
        key = (kind, need.image or need.purpose, need.tag, need.connector_ref)
        known = self.found.get(key, need)
        self.found[key] = replace(known, uses=(*known.uses, use))


def _add_step(needs: _Needs, step: Step, infra: Infra) -> None:
    known = step_types().get(step.type)
    if step.template is not None:
        needs.warnings.append(
            f"step {step.path} is made from the template {step.template}: its images are not known here; "
            "give the pipeline with its templates filled in"
        )
    elif known is None:
        needs.warnings.append(
            f"step {step.path} is of type {step.type[:80]}, of which it is not known which image it needs: "
            "none is planned"
        )
    elif known.kind is StepKind.USER:
        _add_user_image(needs, step, infra)
    elif known.kind is not StepKind.NO_IMAGE:
        needs.add(_need_of(known, step), step.path, f"step-{step.path}", step)


def _add_user_image(needs: _Needs, step: Step, infra: Infra) -> None:
    if step.image is not None:
        need = ImageNeed(Role.USER, step.path, (), image=step.image, connector_ref=step.connector_ref)
        needs.add(need, step.path, f"step-{step.path}", step)
    elif infra is Infra.K8:
        needs.warnings.append(
            f"step {step.path} ({step.type}) names no image: on Kubernetes there is nothing to run it in"
        )


def _need_of(known: StepType, step: Step) -> ImageNeed:
    if known.kind is StepKind.SCANNER:
        return ImageNeed(
            Role.STEP, known.image, (), is_scanner=True, tag=step.image_tag, connector_ref=step.connector_ref
        )
    return ImageNeed(Role.STEP, known.image_for(step.source_type), ())
