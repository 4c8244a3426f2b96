"""What can be asked of a registry that is pushed to. As ``client.RegistryClient``, with the right to push."""

from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest

from . import paths
from .context import CallContext
from .endpoint import Endpoint
from .errors import ManifestUnknownError, RepositoryUnknownError
from .journal import Journal
from .manifests import FetchedManifest, Manifests
from .push_errors import StoredOtherwiseError, TargetIncompleteError
from .referrers import Found, Referrers
from .refusals import error_codes, refusal
from .request import Request
from .transport import Transport
from .uploads import Uploads
from .wire.payload import Whole

_INCOMPLETE = frozenset({"MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN"})


class PushClient:
    """For one endpoint, over a transport shared with others. Thread-safe; raises only AppErrors."""

    def __init__(self, endpoint: Endpoint, transport: Transport, call: CallContext | None = None) -> None:
        self.endpoint = endpoint
        self.transport = transport
        self.call = call or CallContext()
        self._journal = Journal()
        self._manifests = Manifests(endpoint, transport, self._journal, self.call, paths.push_scope)
        self._referrers = Referrers(self._manifests)
        self.uploads = Uploads(endpoint, transport, self._journal, self.call)

    def find(self, repository: str, target: str) -> Descriptor | None:
        """What the tag or digest ``target`` is now; None when it, or the repository, is not there."""
        try:
            return self._manifests.resolve(repository, target)
        except (ManifestUnknownError, RepositoryUnknownError):
            return None

    def get_manifest(self, repository: str, target: str) -> FetchedManifest:
        """As ``RegistryClient.get_manifest``."""
        return self._manifests.get(repository, target)

    def referrers(self, repository: str, subject: Digest) -> Found:
        """As ``RegistryClient.referrers``."""
        return self._referrers.of(repository, subject)

    def put_manifest(self, repository: str, target: str, media_type: str, raw: bytes, digest: Digest) -> bool:
        """Stores ``raw``, whose digest is ``digest``, under a tag or that digest.

        True when the registry says that it lists the manifest among the referrers of its subject (OCI-Subject).
        Raises TargetIncompleteError, and StoredOtherwiseError when the registry says it stored something else.
        """
        url = paths.manifest_url(self.endpoint, repository, target)
        what = paths.subject(self.endpoint, repository, target)
        headers = (("Content-Type", media_type),)
        request = Request(what, "PUT", url, paths.push_scope(repository), headers, payload=Whole(raw))
        reply = self.transport.fetch(self.endpoint, request, self.call, self._journal, self.transport.caps.error_bytes)
        answer = reply.answer
        if reply.status not in (200, 201, 202, 204):
            if _INCOMPLETE & set(error_codes(answer.response.excerpt)):
                raise TargetIncompleteError(what, answer.exchange())
            raise refusal(answer, RepositoryUnknownError)
        said = (reply.headers.get("docker-content-digest") or "").strip()
        if said.startswith(f"{digest.algorithm}:") and said != str(digest):
            raise StoredOtherwiseError(what, digest, said, answer.exchange())
        return bool(reply.headers.get("oci-subject"))
