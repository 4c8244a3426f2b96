"""Email addresses as people's names in an account: one spelling for each, so that nobody is there twice; pure."""

import re
import unicodedata

from .errors import InvalidPrincipalError

ADMIN_EMAIL = "admin@localhost"
"""The first user's name. Everybody knows it and nobody gets mail there, so no provider can have verified it."""
MAX_EMAIL_LENGTH = 254
_FORM = re.compile(r"[^@\s\"<>(),:;\\\[\]]{1,64}@[^@\s\"<>(),:;\\\[\]]{1,253}\Z")


def canonical_email(text: str) -> str:
    """The one spelling under which an address is kept and looked for, and its failed logins are counted. Any text has
    one, whether an address or not: without blanks, what cannot be seen, and trailing dots. It stays as it is when it
    is made canonical again."""
    found = text
    for _ in range(3):  # each step can make room for another; it settles at the second turn
        folded = unicodedata.normalize("NFKC", found).casefold()
        found = "".join(one for one in folded if unicodedata.category(one)[0] not in "CZ" and not _is_hidden(one))
    return unicodedata.normalize("NFKC", found).rstrip(".")


def check_email(text: str) -> str:
    """The canonical form of a text that is an address. Raises InvalidPrincipalError."""
    email, shown = canonical_email(text), text.strip()
    is_plain = shown.isprintable() and " " not in shown  # canonical_email leaves such out; who sent them meant more
    if not is_plain or len(email) > MAX_EMAIL_LENGTH or not email.isprintable() or _FORM.match(email) is None:
        raise InvalidPrincipalError(f"{text[:MAX_EMAIL_LENGTH]!r} is not an email address")
    return email


def _is_hidden(character: str) -> bool:
    """Marks that choose how the character before them looks, or fill space, and show nothing themselves."""
    return "\ufe00" <= character <= "\ufe0f" or character in "\u034f\u115f\u1160\u17b4\u17b5"
