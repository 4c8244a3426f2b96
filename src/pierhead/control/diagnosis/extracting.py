"""What a line says of the image that failed: its name, the host, the HTTP status, the platform; pure.

Only what parses as an image reference becomes one. A text that stands where a name has to be and is none is kept as
it was written, for a cause of its own. Logins before a host are never taken along.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from urllib.parse import unquote

from pierhead.oci.errors import InvalidImageReferenceError
from pierhead.oci.reference import DOCKER_HUB, Reference, is_docker_hub
from pierhead.oci.reference_grammar import fault_of_host, is_host_like

from .model import Found
from .patterns import ARCHITECTURE, HOST_PLATFORM, HOSTS, IMAGES, PLATFORM, SOURCE_FILE, STATUSES, WORD

MAX_LINE = 4000
"""Characters of a line that are looked at."""
_HUB_HOSTS = frozenset({"auth.docker.io", "production.cloudflare.docker.com"})
_NO_NAMES = frozenset(
    {"image", "the", "from", "for", "with", "not", "manifest", "reference", "failed", "error", "latest", "index"}
)


def found_in(line: str) -> Found:
    """What this line says; of a long one only the beginning counts."""
    line = line[:MAX_LINE]
    named = _image_in(line)
    host = _host_in(line)
    registry = named.registry or _registry_of(host)
    return replace(named, registry=registry, host=host, platform=_platform_in(line), http_status=_status_in(line))


def named(image: str) -> Found:
    """What an image's name says; ``image`` alone where it is no reference."""
    try:
        reference = Reference.parse(image)
    except InvalidImageReferenceError:
        return Found(image=image) if "@" not in image.partition("/")[0] else Found()
    return Found(
        image=str(reference),
        registry=reference.registry,
        repository=reference.repository,
        tag=reference.tag or "",
        digest=str(reference.digest) if reference.digest else "",
    )


def _image_in(line: str) -> Found:
    best = Found()
    for one in _candidates(line):
        if not best.image:
            best = one
        elif not (best.tag or best.digest) and one.repository == best.repository and (one.tag or one.digest):
            return one
        if best.tag or best.digest:
            return best
    return best


def _candidates(line: str) -> Iterator[Found]:
    for pattern in IMAGES:
        for match in pattern.finditer(line):
            text = _text_of(match.groupdict())
            if text.lower() in _NO_NAMES or PLATFORM.fullmatch(text):
                continue
            is_certain = pattern is IMAGES[0]
            one = named(text)
            if one.registry or (one.image and is_certain):
                yield one
    for match in WORD.finditer(line):
        text = match[0]
        if is_host_like(text.partition("/")[0]) and not SOURCE_FILE.search(text) and (one := named(text)).registry:
            yield one


def _text_of(groups: dict[str, str | None]) -> str:
    """The whole name out of the parts that a pattern gives."""
    name = unquote(groups.get("name") or "").rstrip(".,;:").removeprefix("docker://")
    host, tag = groups.get("host"), (groups.get("tag") or "").rstrip(".,;:")
    target = (groups.get("target") or "").rstrip(".,;:")
    if host is not None:
        base = f"{DOCKER_HUB if _is_hub(host) else host}/{name}"
        return f"{base}{'@' if ':' in target else ':'}{target}" if target and "blobs" not in target else base
    if tag:
        return f"{name}{'@' if ':' in tag else ':'}{tag}"
    return name


def _host_in(line: str) -> str:
    for pattern in HOSTS:
        if match := pattern.search(line):
            host = match["host"].lower().rstrip(".:")
            if fault_of_host(host) is None and is_host_like(host):
                return host
    return ""


def _registry_of(host: str) -> str:
    if not host:
        return ""
    return DOCKER_HUB if _is_hub(host) else host


def _is_hub(host: str) -> bool:
    return is_docker_hub(host) or host.lower() in _HUB_HOSTS


def _status_in(line: str) -> int | None:
    return next((int(match[1]) for pattern in STATUSES if (match := pattern.search(line))), None)


def _platform_in(line: str) -> str:
    """The one that is wanted: of two the machine's own."""
    if match := HOST_PLATFORM.search(line):
        return match[1]
    if match := ARCHITECTURE.search(line):
        return "/".join(part for part in (match[3], match[1], match[2]) if part)
    match = PLATFORM.search(line)
    return match[1] if match else ""


def first_named(lines: Iterable[str]) -> Found:
    """What the first of the lines says that names an image; empty where none does."""
    return next((found for line in lines if (found := found_in(line)).image), Found())
