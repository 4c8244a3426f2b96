"""Making a key over the API: the container that it is in, and the text that is told once."""

import time

from pierhead.kit.errors import NotFoundError

from .api_client import ApiClient, segment
from .errors import ApiError, UsageError
from .spans import milliseconds_of

KEYS, TOKENS = "/ng/api/apikey", "/ng/api/token"

Owner = dict[str, str]


def make_key(
    api: ApiClient, owner: Owner, container: str, identifier: str, *, name: str = "", expires: str | None
) -> str:
    """The text of a new key, in the container of that name, which is made when it is absent. Raises AppError."""
    _ensure_container(api, owner, container)
    body: dict[str, object] = {"identifier": identifier, "name": name or identifier, "apiKeyIdentifier": container}
    if expires is not None:
        body["validTo"] = int(time.time() * 1000) + milliseconds_of(expires)
    return key_text(api.call("POST", TOKENS, None, body | owner))


def key_text(text: object) -> str:
    """Raises UsageError for what no key looks like."""
    if not isinstance(text, str) or not text.isascii() or not text.isprintable():
        raise UsageError("the server gave no text of a key")
    return text


def _ensure_container(api: ApiClient, owner: Owner, container: str) -> None:
    try:
        api.call("GET", f"{KEYS}/aggregate/{segment(container)}", owner)
    except ApiError as error:
        if error.category is not NotFoundError:
            raise
        api.call("POST", KEYS, None, {"identifier": container, "name": container, **owner})
