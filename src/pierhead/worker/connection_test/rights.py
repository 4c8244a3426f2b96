"""The steps of a connection test about rights: what may be pulled and listed, and whether more is allowed than needed.

Nothing is written to the registry to find that out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from pierhead.kit.errors import DeniedError, InvalidInputError, NotFoundError, UnauthenticatedError
from pierhead.oci.reference import Reference
from pierhead.registry.client import RegistryClient
from pierhead.registry.endpoint import UsernamePassword
from pierhead.registry.errors import NotOfferedError, RegistryError

from .report import Step, ok, skipped, warning

PULL, LIST, SCOPE = "pull right", "list right", "credential scope"
MAX_REPOSITORIES: Final = 8
_MORE: Final = ("push", "delete", "*")
_GIVE_IMAGE = "give an image that this connector shall pull"


@dataclass(frozen=True, slots=True)
class Probes:
    """The images to try: the first of each repository, of eight repositories at most. ``left_out``: how many others.

    ``repository``: the first one that is a repository; None when there is none.
    """

    images: tuple[str, ...]
    left_out: int
    repository: str | None

    @classmethod
    def of(cls, images: Sequence[str]) -> "Probes":
        """What is no reference is kept: it fails in its own step."""
        first: dict[str, str] = {}
        for image in images:
            first.setdefault(_repository(image) or image, image)
        found = tuple(first.values())
        known = (repository for image in images if (repository := _repository(image)))
        return cls(found[:MAX_REPOSITORIES], max(0, len(found) - MAX_REPOSITORIES), next(known, None))


class Rights:
    """Each step raises the AppError it fails with; only pulling can fail."""

    def __init__(self, client: RegistryClient, probes: Probes) -> None:
        self._client = client
        self._probes = probes

    def pull(self, image: str) -> Step:
        """One HEAD, which costs no quota and needs the same right as a pull."""
        reference = Reference.parse(image)
        found = self._client.resolve(reference.repository, reference.target)
        return ok(PULL, f"{reference} is {found.digest}, a document of {found.size:,} bytes")

    def no_pull(self) -> Step:
        if not self._probes.images:
            return skipped(PULL, "no image was given to try it on", _GIVE_IMAGE)
        return skipped(PULL, f"{self._probes.left_out} more repositories were not tried")

    def list(self) -> Step:
        """Tags of the first image, without one the repositories: whoever searches for images needs it, pulls do not."""
        try:
            return self._listed()
        except NotOfferedError as error:
            return skipped(LIST, error.message)
        except (DeniedError, UnauthenticatedError, NotFoundError) as error:
            advice = "pulls do not need it; to search for tags in Pierhead, give the user the right to list them"
            return warning(LIST, error.message, advice)
        except RegistryError as error:
            return warning(LIST, error.message, error.hint)

    def _listed(self) -> Step:
        repository = self._probes.repository
        if repository is None:
            names = next(iter(self._client.list_repositories(page_size=100)), ())
            return ok(LIST, f"repositories may be listed, {_few(names)}")
        tags = next(iter(self._client.list_tags(repository, page_size=100)), ())
        return ok(LIST, f"tags of {repository} may be listed, {_few(tags)}")

    def scope(self) -> Step:
        """A credential that can do more than pull does more harm when it is lost."""
        who = self._client.endpoint.credential
        if not isinstance(who, UsernamePassword):
            return skipped(SCOPE, "the connector is anonymous")
        repository = self._probes.repository
        if repository is None:
            return skipped(SCOPE, "no image was given to try it on", _GIVE_IMAGE)
        try:
            actions = self._client.rights(repository)
        except RegistryError as error:
            return skipped(SCOPE, f"unknown: the token server gives no token that would tell ({error.message})")
        if actions is None:
            return skipped(SCOPE, "unknown: only writing to the registry would tell, and that is not done")
        allowed = ", ".join(sorted(actions)) or "nothing"
        evidence = f"{who.username} is allowed on {repository}: {allowed}"
        if actions.isdisjoint(_MORE):
            return ok(SCOPE, evidence)
        return warning(SCOPE, evidence, "unless images are copied to there, use a user or token that may only pull")


def _repository(image: str) -> str | None:
    try:
        return Reference.parse(image).repository
    except InvalidInputError:  # told when it is tried
        return None


def _few(names: Sequence[str]) -> str:
    return f"such as {', '.join(islice(names, 3))}" if names else "and there are none"
