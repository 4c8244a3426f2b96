"""Words that have to be right and are easily mistyped: permissions, and the types of things in resource groups.

The API takes unknown ones as the reference does, and answers no or finds nothing; whoever types them means something.
"""

from collections.abc import Iterable
from difflib import get_close_matches

from .errors import UsageError


def permissions() -> list[str]:
    from pierhead.control.access import Permission

    return [str(each) for each in Permission]


def resource_types() -> list[str]:
    """Those that some permission is about."""
    from pierhead.control.access import Permission, resource_type_of

    return sorted({str(resource_type_of(each)) for each in Permission})


def checked_permission(text: str) -> str:
    """Raises UsageError for one that there is not."""
    known = permissions()
    if text not in known:
        raise UsageError(f"there is no permission {text!r}", hint=_hint(text, known))
    return text


def checked_type(text: str) -> str:
    """In its one spelling. Raises UsageError for one that no role is about."""
    known = resource_types()
    if text.upper() not in known:
        raise UsageError(f"there is no type of things {text!r}", hint=f"one of {', '.join(known)}")
    return text.upper()


def _hint(text: str, known: Iterable[str]) -> str:
    close = get_close_matches(text, known, n=1)
    return f"did you mean {close[0]}?" if close else "`pierhead role show _account_admin` shows all of them"
