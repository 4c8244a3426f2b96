"""What both faces of artifact sources ask: a connector by reference, names of tags behind it, facts about them."""

from collections.abc import Sequence
from dataclasses import dataclass

from pierhead.control.connectors import Connector
from pierhead.control.scopes import Scope
from pierhead.oci.reference import Reference
from pierhead.protocol.tasks import TagFacts, TaskFailure
from pierhead.server.auth import Call
from pierhead.server.jobs.errors import TaskFailedError
from pierhead.server.jobs.question_work import named

from .slow_calls import SlowCalls
from .uses import use_connector

MAX_TAGS = 100_000


@dataclass(frozen=True, slots=True)
class Source:
    """An image behind a connector that the caller may use."""

    call: Call
    slow: SlowCalls
    connector: Connector
    image: str
    name: Reference

    def of_tag(self, tag: str) -> str:
        return f"{self.name.registry}/{self.name.repository}:{tag}"

    def tags(self, limit: int = MAX_TAGS) -> tuple[tuple[str, ...], bool]:
        """As the registry lists them, and whether there are more. Raises AppError."""
        with self.slow.one("lists of tags", self.call.share_key):
            found = self.call.app.connector_tasks.list_tags(
                self.connector.scope, self.connector.identifier, self.image, limit
            )
        return tuple(found.tags), found.truncated

    def facts(self, tags: Sequence[str], *, with_configs: bool) -> dict[str, TagFacts]:
        """Raises AppError when not one could be read because the registry refused or was away."""
        if not tags:
            return {}
        connector = self.connector
        with self.slow.one("questions about tags", self.call.share_key):
            found = self.call.app.connector_tasks.read_tags(
                connector.scope, connector.identifier, self.image, tags, with_configs=with_configs
            )
        return {facts.tag: facts for facts in found.tags}

    def fact(self, tag: str, *, with_configs: bool) -> TagFacts:
        """Raises TaskFailedError for a tag that is not there, or cannot be read."""
        facts = self.facts((tag,), with_configs=with_configs).get(tag, TagFacts(tag=tag))
        if facts.digest is None:
            raise TaskFailedError(failure_in_facts(facts))
        return facts


def referred(call: Call, scope: Scope, reference: str) -> Connector:
    """One that the caller may not see is answered as one that is not there, in the words for a reference."""
    connector = call.lookup.connectors.resolve(reference, scope)
    call.authorise(connector.scope, connector.identifier)
    use_connector(call, connector)
    return connector


def source_of(call: Call, slow: SlowCalls, scope: Scope, reference: str, image: str) -> Source:
    """Raises as ``referred``, InvalidImageReferenceError, ImageNotPlaceableError."""
    connector = referred(call, scope, reference)
    return Source(call, slow, connector, image, named(connector, image))


def failure_in_facts(facts: TagFacts) -> TaskFailure:
    return TaskFailure(
        code=facts.problem_code or "manifest-unknown",
        category=facts.problem_category or "not-found",
        message=facts.problem or f"{facts.tag} was not read",
        hint=facts.problem_hint,
    )
