"""How long a token lasts; pure. Every token that is made on request ends some day."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from .errors import InvalidPrincipalError
from .model import Token

DEFAULT_LIFETIME = timedelta(days=90)
LONGEST_LIFETIME = timedelta(days=731)
LONGEST_OVERLAP = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Lifetime:
    begin: datetime
    end: datetime


def lifetime(now: datetime, begin: datetime | None, end: datetime | None, default: timedelta | None) -> Lifetime:
    """As wished, else ``default`` of the container, else 90 days. Raises InvalidPrincipalError."""
    begin = begin or now
    end = end or max(begin, now) + (default or DEFAULT_LIFETIME)
    if end <= begin:
        raise InvalidPrincipalError("validTo is not after validFrom")
    if end > now + LONGEST_LIFETIME:
        raise InvalidPrincipalError(
            f"validTo is more than {LONGEST_LIFETIME.days} days away",
            hint="make a token that ends earlier, and rotate it",
        )
    return Lifetime(begin, end)


def default_of(milliseconds: int | None) -> timedelta | None:
    """A container's own default. Raises InvalidPrincipalError."""
    if milliseconds is None:
        return None
    if not 0 < milliseconds <= LONGEST_LIFETIME // timedelta(milliseconds=1):
        raise InvalidPrincipalError(
            f"defaultTimeToExpireToken is in milliseconds, and at most {LONGEST_LIFETIME.days} days"
        )
    return timedelta(milliseconds=milliseconds)


def renewed(token: Token, now: datetime) -> datetime | None:
    """When a token ends that is rotated now: it lasts as long again as it was made for. None: it goes on without an
    end; to give one to the first admin's key, months before anybody notices, would lock the account."""
    if token.expires_at is None:
        return None
    return now + min(token.expires_at - token.valid_from, LONGEST_LIFETIME)


def overlap(token: Token, now: datetime, until: datetime | None) -> datetime | None:
    """Until when the secret before a rotation is good: never longer than it would have been without one. None: it ends
    at once. Raises InvalidPrincipalError."""
    if until is None or until <= now:
        return None
    if until > now + LONGEST_OVERLAP:
        raise InvalidPrincipalError(f"rotateTimestamp is more than {LONGEST_OVERLAP.days} days away")
    return until if token.expires_at is None else min(until, token.expires_at)
