"""Inspections asked through connectors: the question as it stands in the queue, and the verdict that comes of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, Protocol

from pydantic import TypeAdapter

from pierhead.control.connectors import Connector, ConnectorService
from pierhead.control.gates import GatePolicy, GatePolicyService, NotKnown, Verdict, VulnerabilityReport
from pierhead.control.scopes import Scope
from pierhead.control.tasks import TaskRow
from pierhead.oci.digest import Digest
from pierhead.oci.reference import Reference
from pierhead.protocol.inspection import InspectionKey, InspectResult, InspectTask

from .gate_evidence import InspectionNeeds, Scanner, Surroundings, evidence_of, needs_of, purls_of
from .payloads import Place
from .question_work import named
from .registry_access import RegistrySecrets, access_for_image
from .wishes import Wanted

INSPECT_KIND: Final = "inspect"
NO_DATABASE: Final = NotKnown("advisories-unavailable", "no advisories are imported")
_READS: TypeAdapter[Literal["never", "withoutSbom", "always"]] = TypeAdapter(Literal["never", "withoutSbom", "always"])


@dataclass(frozen=True, slots=True)
class InspectWish:
    """``digest``: look at that, whatever the tag of ``image`` says now."""

    image: str
    digest: str | None
    needs: InspectionNeeds

    def to_json(self) -> dict[str, object]:
        keys = [{"id": key.id, "pem": key.pem} for key in self.needs.keys]
        more = {"keys": keys, "readLayers": self.needs.read_layers}
        return {"image": self.image, "digest": self.digest, **more}

    @classmethod
    def of(cls, payload: Mapping[str, object]) -> "InspectWish":
        keys = payload["keys"]
        assert isinstance(keys, list | tuple)
        given = tuple(InspectionKey.model_validate(key) for key in keys)
        reads = _READS.validate_python(payload["readLayers"])
        digest = payload["digest"]
        return cls(str(payload["image"]), str(digest) if digest else None, InspectionNeeds(given, reads, True))


class Inspection:
    """The question, for ``question_work.QuestionWork``."""

    answer = InspectResult

    def task(self, row: TaskRow, connector: Connector, secrets: RegistrySecrets) -> InspectTask:
        return inspect_task(connector, InspectWish.of(row.payload), secrets)


def inspect_task(connector: Connector, wish: InspectWish, secrets: RegistrySecrets) -> InspectTask:
    """Raises InvalidImageReferenceError, ImageNotPlaceableError."""
    reference = named(connector, wish.image)
    return InspectTask(
        registry=access_for_image(reference, connector, secrets),
        reference=str(reference),
        digest=wish.digest,
        keys=wish.needs.keys,
        read_layers=wish.needs.read_layers,
    )


Ledger = Callable[[str, str, str, str], datetime | None]
"""When an account first saw, at a place and under a tag, a digest."""


class Asking(Protocol):
    """Has a question answered by whoever is on its path. ``ConnectorTasks`` does."""

    def inspect(self, connector: Connector, wish: InspectWish) -> InspectResult:
        """Raises TaskFailedError and others."""


class GateChecks:
    """Asks what a policy needs to know, and decides. Thread-safe. Without ``scanner`` no advisories are known."""

    def __init__(
        self,
        tasks: Asking,
        connectors: ConnectorService,
        policies: GatePolicyService,
        scanner: Scanner | None,
        ledger: Ledger,
    ) -> None:
        self._tasks = tasks
        self._connectors = connectors
        self._policies = policies
        self._scanner = scanner
        self._ledger = ledger

    def check(
        self,
        scope: Scope,
        connector: str,
        image: str,
        policy: GatePolicy,
        known: Surroundings,
        digest: str | None = None,
    ) -> Verdict:
        """``connector``: by reference as ``scope`` sees it. Raises ConnectorNotFoundError, InvalidImageReferenceError,
        InvalidDigestError, TaskFailedError: an image that is not there has no verdict."""
        reached = self._connectors.resolve(connector, scope)
        needs = needs_of(policy)
        wish = InspectWish(image, str(Digest.parse(digest)) if digest else None, needs)
        result = self._tasks.inspect(reached, wish)
        scanned = self._scan(result) if needs.packages else NO_DATABASE
        if isinstance(known.first_seen_at, NotKnown):
            known = replace(known, first_seen_at=self._first_seen(scope, result, known.origin_name))
        return self._policies.decide(policy, scope, evidence_of(result, known, scanned))

    def _first_seen(self, scope: Scope, result: InspectResult, origin: str) -> datetime | NotKnown:
        reference = Reference.parse(result.reference)
        place = origin or f"{reference.registry}/{reference.repository}"
        seen = self._ledger(scope.account, place, reference.tag, result.digest) if reference.tag else None
        return seen or NotKnown("never-seen", f"no mirror has seen this digest as {place}:{reference.tag or '...'}")

    def _scan(self, result: InspectResult) -> VulnerabilityReport | NotKnown:
        return NO_DATABASE if self._scanner is None else self._scanner.scan(purls_of(result))


def wanted_inspection(connector: Connector, wish: InspectWish) -> Wanted:
    payload = {**Place(connector.scope, connector.identifier).to_json(), **wish.to_json()}
    return Wanted(connector.scope, INSPECT_KIND, payload, (connector,), asks=True)
