"""Where a redirect leads; who goes there, and with what, is decided by those who follow it."""

from .errors import InvalidUrlError, RedirectRefusedError
from .origin import Url
from .quirks import REDIRECTS
from .request import Answer


def next_hop(answer: Answer) -> Url | None:
    """The target of a redirect, None when the answer is none. Raises RedirectRefusedError.

    Refused are plain http after https, and what is no plain URL.
    """
    location = answer.headers.get("location")
    if answer.status not in REDIRECTS or location is None:
        return None
    source = answer.url.origin
    try:
        target = answer.url.join(location)
    except InvalidUrlError as error:
        # Not repeated: a registry that knows the password could put it there.
        raise RedirectRefusedError(str(source), "another address", error.reason, answer.exchange()) from None
    if source.is_secure and not target.origin.is_secure:
        raise RedirectRefusedError(str(source), str(target.origin), "that is plain http", answer.exchange())
    return target


def check_carried(answer: Answer, target: Url) -> None:
    """Raises RedirectRefusedError for what changes something: it is for the registry itself, and not sent elsewhere."""
    request = answer.request
    if request.method in ("GET", "HEAD"):
        return
    keeps_method = answer.status in (307, 308) and (request.payload is None or request.payload.is_replayable)
    if target.origin != answer.url.origin or not keeps_method:
        reason = f"a {request.method} is not sent on"
        raise RedirectRefusedError(str(answer.url.origin), str(target.origin), reason, answer.exchange())


def endless(answer: Answer) -> RedirectRefusedError:
    first = answer.request.url.origin
    return RedirectRefusedError(str(first), str(answer.url.origin), "redirects without end", answer.exchange())
