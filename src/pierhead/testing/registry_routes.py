"""Requests to answers for the fake registry: distribution-spec 1.1; what is loose there, as docker-registry does."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote

from pierhead.oci.digest import Digest
from pierhead.oci.media_types import OCI_INDEX

from .images import Content
from .registry_access import Refusal
from .registry_faults import BlobFault

if TYPE_CHECKING:
    from .fake_registry import FakeRegistry

_NAME = r"(?P<name>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)"
_PATHS = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("v2", r"/v2/?"),
        ("token", r"/token"),
        ("catalog", r"/v2/_catalog"),
        ("tags", rf"/v2/{_NAME}/tags/list"),
        ("manifests", rf"/v2/{_NAME}/manifests/(?P<target>[^/]+)"),
        ("referrers", rf"/v2/{_NAME}/referrers/(?P<target>[^/]+)"),
        ("uploads", rf"/v2/{_NAME}/blobs/uploads/(?P<target>[^/]*)"),
        ("blobs", rf"/v2/{_NAME}/blobs/(?P<target>[^/]+)"),
    )
)
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_DIGEST = "Docker-Content-Digest"
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Request:
    """``kind``: v2, token, catalog, tags, manifests, referrers, uploads, blobs or other; ``name`` is the
    repository.

    ``is_cut``: the connection ended before the end of the body.
    """

    method: str
    path: str
    query: str
    headers: "Message[str, str]"
    accept: frozenset[str]
    body: bytes
    is_cut: bool = False
    kind: str = "other"
    name: str = ""
    target: str = ""

    def argument(self, name: str) -> str:
        return parse_qs(self.query).get(name, [""])[0]


@dataclass(frozen=True, slots=True)
class Answer:
    """Sends ``content`` from ``start`` up to ``end`` (None: all of it). A bare one has no header but its own.

    A silent one is none: the connection ends.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    content: Content = b""
    start: int = 0
    end: int | None = None
    fault: BlobFault | None = None
    is_bare: bool = False
    is_silent: bool = False


def find_route(path: str) -> dict[str, str]:
    """``kind``, and ``name`` and ``target`` where the path has them."""
    for kind, pattern in _PATHS:
        if match := pattern.fullmatch(path):
            return {"kind": kind} | {key: value for key, value in match.groupdict().items() if value is not None}
    return {}


def refused(refusal: Refusal) -> Answer:
    return Answer(refusal.status, _JSON | dict(refusal.headers), refusal.body())


def answer(registry: "FakeRegistry", request: Request) -> Answer:
    """Raises InvalidDigestError for a digest that is none."""
    scripted = registry.faults.take_script(request.method, request.path)
    if scripted is not None:
        return Answer(scripted.status, scripted.headers, scripted.body, is_bare=True)
    refusal = _refusal(registry, request)
    return refused(refusal) if refusal else _ANSWERS[request.kind](registry, request)


def _refusal(registry: "FakeRegistry", request: Request) -> Refusal | None:
    if request.kind in ("token", "other"):
        return None
    action = "pull" if request.method in ("GET", "HEAD") else "push"
    right = f"repository:{request.name}:{action}" if request.name else ""
    if request.kind == "catalog":
        right = "registry:catalog:*"
    refusal = registry.door.check(right, request.headers.get("Authorization"))
    if refusal is None and request.kind == "manifests":
        return registry.rate.count(costs=request.method == "GET")
    return refusal


def _version(_registry: "FakeRegistry", _request: Request) -> Answer:
    return Answer(200, _JSON, b"{}")


def _nowhere(_registry: "FakeRegistry", _request: Request) -> Answer:
    return refused(Refusal(404, "NOT_FOUND", "no such route"))


def _token(registry: "FakeRegistry", request: Request) -> Answer:
    if registry.door.tokens is None:
        return _nowhere(registry, request)
    issued = registry.door.tokens.issue(request.query, request.headers.get("Authorization"))
    return refused(issued) if isinstance(issued, Refusal) else Answer(200, _JSON, issued)


def _catalog(registry: "FakeRegistry", request: Request) -> Answer:
    return _page(registry, request, "repositories", registry.content.repositories())


def _tags(registry: "FakeRegistry", request: Request) -> Answer:
    tags = registry.content.tags(request.name)
    if tags is None:
        return refused(Refusal(404, "NAME_UNKNOWN", "repository name not known to registry"))
    return _page(registry, request, "tags", tags)


def _page(registry: "FakeRegistry", request: Request, key: str, entries: list[str]) -> Answer:
    asked, last = request.argument("n"), request.argument("last")
    size = min(int(asked) if asked.isdecimal() else registry.page_cap, registry.page_cap)
    rest = [entry for entry in entries if entry > last]
    page = rest[:size]
    more = bool(page) and len(rest) > size
    link = {"Link": f'<{request.path}?last={page[-1]}&n={size}>; rel="next"'} if more else {}
    named = {"name": request.name} if request.name else {}
    return Answer(200, _JSON | link, json.dumps({**named, key: page}).encode())


def _manifest(registry: "FakeRegistry", request: Request) -> Answer:
    if request.method == "PUT":
        return _put_manifest(registry, request)
    limits = registry.rate.headers()
    found = registry.content.find_manifest(request.name, request.target)
    if found is None or not (not request.accept or request.accept & {found[1], "*/*", "application/*"}):
        return refused(Refusal(404, "MANIFEST_UNKNOWN", "manifest unknown", limits))
    digest, media_type, raw = found
    headers = {"Content-Type": media_type, _DIGEST: str(digest), "ETag": f'"{digest}"', **dict(limits)}
    return Answer(200, headers, raw)


def _put_manifest(registry: "FakeRegistry", request: Request) -> Answer:
    by_digest = Digest.parse(request.target) if ":" in request.target else None
    if by_digest and Digest.of(request.body, by_digest.algorithm) != by_digest:
        return refused(Refusal(400, "DIGEST_INVALID", "the manifest has another digest"))
    missing = registry.content.missing(request.name, request.body)
    if missing:
        return refused(Refusal(400, "MANIFEST_BLOB_UNKNOWN", f"blob unknown to registry: {missing[0]}"))
    media_type = request.headers.get("Content-Type") or ""
    digest = registry.content.put_manifest(request.name, request.target, media_type, request.body)
    subject = json.loads(request.body).get("subject") if registry.has_referrers else None
    said = {"OCI-Subject": subject["digest"]} if subject else {}
    return Answer(201, {"Location": f"/v2/{request.name}/manifests/{digest}", _DIGEST: str(digest), **said})


def _referrers(registry: "FakeRegistry", request: Request) -> Answer:
    if not registry.has_referrers:
        return _nowhere(registry, request)
    wanted = request.argument("artifactType")
    entries = registry.content.referrers(request.name, request.target)
    if wanted:
        entries = [entry for entry in entries if entry["artifactType"] == wanted]
    start = int(request.argument("start") or 0)
    page = entries[start : start + registry.page_cap]
    headers = {"Content-Type": OCI_INDEX} | ({"OCI-Filters-Applied": "artifactType"} if wanted else {})
    if start + len(page) < len(entries):
        filter_ = f"&artifactType={quote(wanted, safe='')}" if wanted else ""
        headers["Link"] = f'<{request.path}?start={start + len(page)}{filter_}>; rel="next"'
    return Answer(200, headers, json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": page}).encode())


def _blob(registry: "FakeRegistry", request: Request) -> Answer:
    digest = Digest.parse(request.target)
    content = registry.content.find_blob(request.name, digest)
    if content is None:
        return refused(Refusal(404, "BLOB_UNKNOWN", "blob unknown to registry"))
    size = len(content) if isinstance(content, bytes) else content.stat().st_size
    headers = {"Content-Type": "application/octet-stream", _DIGEST: str(digest), "Accept-Ranges": "bytes"}
    wanted = _range(request.headers.get("Range"), size)
    fault = registry.faults.take_blob(digest) if request.method == "GET" else None
    if wanted is None:
        return Answer(200, headers, content, 0, size, fault)
    start, end = wanted
    if start >= end:
        return Answer(416, headers | {"Content-Range": f"bytes */{size}"})
    return Answer(206, headers | {"Content-Range": f"bytes {start}-{end - 1}/{size}"}, content, start, end, fault)


def _range(header: str | None, size: int) -> tuple[int, int] | None:
    """From and up to; None when no range is asked for that we understand."""
    match = _RANGE.fullmatch(header or "")
    if not match or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(int(last) + 1 if last else size, size)


def _upload(registry: "FakeRegistry", request: Request) -> Answer:
    outcome = registry.uploads.answer(request)
    if outcome.refusal is not None:
        return refused(outcome.refusal)
    return Answer(outcome.status, outcome.headers, is_silent=outcome.is_silent)


_ANSWERS: Mapping[str, Callable[["FakeRegistry", Request], Answer]] = {
    "v2": _version,
    "token": _token,
    "catalog": _catalog,
    "tags": _tags,
    "manifests": _manifest,
    "referrers": _referrers,
    "uploads": _upload,
    "blobs": _blob,
    "other": _nowhere,
}
