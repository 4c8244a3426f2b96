"""The Link header (RFC 8288) as far as paging needs it; pure. Any text is read as far as it makes sense."""

import re
from collections.abc import Iterable

_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_REL = re.compile(r""";\s*rel\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s;,"']+))""", re.IGNORECASE)


def next_link(values: Iterable[str]) -> str | None:
    """The target of the first link whose relations include "next"."""
    for value in values:
        for target, parameters in _LINK.findall(value[:16384]):
            rel = _REL.search(f";{parameters.lstrip(' ;')}")
            if rel is not None and "next" in (rel[1] or rel[2] or rel[3] or "").lower().split():
                return str(target).strip()
    return None
