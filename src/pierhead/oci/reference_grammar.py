"""The grammar of image references, part by part (distribution/reference; distribution-spec, "Pulling manifests").

Each check returns None or says what is wrong; they know nothing of defaults and aliases. Only ASCII matches, so
look-alike letters cannot pass for a host or a repository somebody trusts.
"""

import re

MAX_NAME = 255  # host, slash and repository: the limit most clients impose, by distribution-spec's note
MAX_REFERENCE = MAX_NAME + len(":") + 128 + len("@sha512:") + 128

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"  # RFC 1035 caps a label at 63, and resolvers choke on more
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_IPV6_HOST = re.compile(r"\[([0-9a-f:]{2,39})\]")
_PATH_PART = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PATH_PART}(?:/{_PATH_PART})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_PORT = re.compile(r"[1-9][0-9]{0,4}")


def is_host_like(part: str) -> bool:
    """Whether the part before the first slash is a host to Docker, and not the beginning of a repository."""
    return "." in part or ":" in part or part.lower() == "localhost"


def fault_of_host(host: str) -> str | None:
    """``host[:port]`` in lower case; IPv6 in brackets."""
    name, colon, port = host.rpartition(":")
    if not colon or port.endswith("]"):
        name, port = host, "1"
    if not _HOST.fullmatch(name) and not _is_ipv6(name):
        return "does not begin with a host name, an IPv4 address or an IPv6 address in brackets"
    if not _PORT.fullmatch(port) or int(port) > 65535:
        return "has a port that is not between 1 and 65535"
    return None


def fault_of_repository(repository: str) -> str | None:
    if _REPOSITORY.fullmatch(repository):
        return None
    if not repository:
        return "has no repository"
    if repository != repository.lower():
        return "has capital letters in its repository"
    parts = repository.split("/")
    if "" in parts:
        return "has an empty part in its repository"
    return "has a repository that is not made of a-z and 0-9 with single . _ or __ or - between them"


def fault_of_tag(tag: str) -> str | None:
    if _TAG.fullmatch(tag):
        return None
    if not tag:
        return "has an empty tag"
    if len(tag) > 128:
        return "has a tag of more than 128 characters"
    return "has a tag that is not made of letters, digits, _ . and -, beginning with a letter, digit or _"


def fault_of_characters(text: str) -> str | None:
    """What no reference may contain anywhere; said first because the other checks would say it worse."""
    if not text:
        return "is empty"
    if len(text) > MAX_REFERENCE:
        return f"is longer than {MAX_REFERENCE} characters"
    odd = next((character for character in text if not "!" <= character <= "~"), None)
    if odd is None:
        return None
    return "has a space in it" if odd == " " else f"has the character U+{ord(odd):04X} in it"


def _is_ipv6(name: str) -> bool:
    match = _IPV6_HOST.fullmatch(name)
    if match is None:
        return False
    from ipaddress import AddressValueError, IPv6Address  # late: rare, and a lean program starts without it

    try:
        IPv6Address(match[1])
    except AddressValueError:
        return False
    return True
