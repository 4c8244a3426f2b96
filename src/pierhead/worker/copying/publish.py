"""The documents of an image to the target, once all its blobs are there: children first, the tag last of all."""

from pierhead.registry.push import PushClient

from .blame import blamed_on
from .plan import CopyPlan
from .request import CopyRequest


def publish(request: CopyRequest, plan: CopyPlan, target: PushClient) -> None:
    """The very bytes that the source gave. Raises RegistryError, TargetIncompleteError, StoredOtherwiseError."""
    repository = request.target.repository
    *children, (top, document) = plan.documents
    with blamed_on(request.to_subject):
        for digest, child in children:
            target.put_manifest(repository, str(digest), child.media_type, child.raw, digest)
        target.put_manifest(repository, request.to_tag or str(top), document.media_type, document.raw, top)
