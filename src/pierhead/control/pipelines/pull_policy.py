"""When an image is fetched although it may be held already; pure.

The step's own word counts first; then, for the CI's own images only, the infrastructure's (harness-api §5.5); else what
Kubernetes does by itself (its documentation of ``imagePullPolicy``), on every kind of infrastructure.
"""

from typing import Final

from pierhead.oci.reference import Reference

from .model import ImageNeed, ImageUse, Infrastructure, PullPolicy, Role

_STRICTEST_FIRST: Final = (PullPolicy.ALWAYS, PullPolicy.IF_NOT_PRESENT, PullPolicy.NEVER)


def policy_for_use(
    use: ImageUse, role: Role, infrastructure: Infrastructure, reference: Reference | None
) -> tuple[PullPolicy, str]:
    """The policy for one user of an image, and why."""
    if use.pull_policy is not None:
        return use.pull_policy, f"step {use.name} says so"
    if role is not Role.USER and infrastructure.pull_policy is not None:
        return infrastructure.pull_policy, "the infrastructure says so for the CI's own images"
    if reference is None:
        return PullPolicy.IF_NOT_PRESENT, "nothing says otherwise"
    if reference.digest is None and reference.tag in (None, "latest"):
        return PullPolicy.ALWAYS, "Kubernetes' default for the tag latest"
    return PullPolicy.IF_NOT_PRESENT, "Kubernetes' default for a tag that is not latest, and for a digest"


def policy_for(need: ImageNeed, infrastructure: Infrastructure, reference: Reference | None) -> tuple[PullPolicy, str]:
    """The strictest policy that any user of the image asks for, and why: one fetch serves them all."""
    first = policy_for_use(need.uses[0], need.role, infrastructure, reference)
    if len(need.uses) == 1:
        return first
    others = [policy_for_use(use, need.role, infrastructure, reference) for use in need.uses[1:]]
    return min([first, *others], key=lambda policy: _STRICTEST_FIRST.index(policy[0]))
