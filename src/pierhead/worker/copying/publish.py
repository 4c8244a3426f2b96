"""The documents of an image to the target, once all its blobs are there: children first, the tag last of all.

Evidence goes before the tag and behind what it is about. Where the target does not say that it lists a referrer
(OCI-Subject), the list under the fallback tag is kept for it: read, merged, written, and read again.
"""

import json
import threading
from typing import Final

from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.oci.documents import read_object
from pierhead.oci.index import Index
from pierhead.oci.manifest import Manifest
from pierhead.oci.media_types import OCI_INDEX
from pierhead.registry.errors import ManifestUnknownError, RepositoryUnknownError
from pierhead.registry.push import PushClient
from pierhead.registry.push_errors import TargetIncompleteError
from pierhead.registry.referrers import MAX_REFERRERS, fallback_tag

from .blame import blamed_on
from .errors import FallbackTagError, SparseRefusedError
from .plan import CopyPlan
from .request import CopyRequest, IndexMode

_MERGES: Final = 5
_merging = tuple(threading.Lock() for _ in range(64))  # images of one process must not undo each other's lists


def publish(request: CopyRequest, plan: CopyPlan, target: PushClient) -> None:
    """The very bytes that the source gave.

    Raises RegistryError, TargetIncompleteError, StoredOtherwiseError, SparseRefusedError, FallbackTagError.
    """
    with blamed_on(request.to_subject):
        if plan.is_tagged:
            _put_evidence(request, plan, target)
            return
        repository = request.target.repository
        *children, (top, document) = plan.documents
        for digest, child in children:
            target.put_manifest(repository, str(digest), child.media_type, child.raw, digest)
        if not plan.evidence.is_empty:
            _put_top(request, str(top), top, document, target)
            _put_evidence(request, plan, target)
        _put_top(request, request.to_tag or str(top), top, document, target)


def _put_top(request: CopyRequest, name: str, top: Digest, document: Manifest | Index, target: PushClient) -> None:
    try:
        target.put_manifest(request.target.repository, name, document.media_type, document.raw, top)
    except TargetIncompleteError as error:
        if request.index is IndexMode.SPARSE and isinstance(document, Index):
            raise SparseRefusedError(str(request.target)) from error
        raise


def _put_evidence(request: CopyRequest, plan: CopyPlan, target: PushClient) -> None:
    repository = request.target.repository
    documents = dict(plan.evidence.documents)
    listed = set()
    for digest, document in documents.items():
        if target.put_manifest(repository, str(digest), document.media_type, document.raw, digest):
            listed.add(digest)
    for tag, digest in plan.evidence.tags:
        document = documents[digest]
        target.put_manifest(repository, tag, document.media_type, document.raw, digest)
    unlisted: dict[Digest, list[Descriptor]] = {}
    for subject, entry in plan.evidence.referrers:
        if entry.digest not in listed:
            unlisted.setdefault(subject, []).append(_described(entry, documents[entry.digest]))
    for subject, entries in unlisted.items():
        with _merging[hash((repository, subject)) % len(_merging)]:
            _list_under_tag(request, subject, entries, target)


def _described(entry: Descriptor, document: Manifest | Index) -> Descriptor:
    """As the specification wants it in the list: what kind of artifact it is, and its annotations."""
    kind = document.artifact_type or (document.config.media_type if isinstance(document, Manifest) else None)
    return Descriptor(
        document.media_type, entry.digest, len(document.raw), annotations=document.annotations, artifact_type=kind
    )


def _list_under_tag(request: CopyRequest, subject: Digest, entries: list[Descriptor], target: PushClient) -> None:
    """Others may write the same tag at the same time; who comes last has to find all of its own in it."""
    repository, tag = request.target.repository, fallback_tag(subject)
    for _ in range(_MERGES):
        members = _members(request, tag, target)
        known = {member.get("digest") for member in members if isinstance(member, dict)}
        missing = [entry for entry in entries if str(entry.digest) not in known]
        if not missing:
            return
        members += [entry.to_json() for entry in missing]
        if len(members) > MAX_REFERRERS:
            raise FallbackTagError(str(request.target), tag, f"there are more than {MAX_REFERRERS:,}")
        raw = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": members}).encode()
        target.put_manifest(repository, tag, OCI_INDEX, raw, Digest.of(raw))
    raise FallbackTagError(str(request.target), tag, "somebody else keeps writing it")


def _members(request: CopyRequest, tag: str, target: PushClient) -> list[object]:
    try:
        fetched = target.get_manifest(request.target.repository, tag)
    except (ManifestUnknownError, RepositoryUnknownError):
        return []
    if not isinstance(fetched.parse(), Index):
        raise FallbackTagError(str(request.target), tag, "it is no index")
    members = read_object(fetched.raw, "the list").get("manifests")
    return list(members) if isinstance(members, list) else []
