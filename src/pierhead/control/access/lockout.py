"""Failed logins, counted so that nobody gets more guesses than he is due (threats-and-faults, row 26).

An attempt is counted in a transaction of its own before its password is looked at, so that parallel guesses cannot
pass the limit together, and is taken back when the password was right. It counts under the name in its one spelling,
whether or not somebody has that name, and under the address.
"""

import hashlib
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pierhead.kit.clock import Clock
from pierhead.kit.errors import RateLimitedError

from .emails import canonical_email
from .model import LoginFailures
from .ports import AccessStore, AccessTransaction

FAILURES_PER_NAME = 10
FAILURES_PER_ADDRESS = 50
"""More than for a name: a whole office, or everybody behind a proxy, may share one."""
WINDOW = timedelta(minutes=15)
LOCKED_FOR = timedelta(minutes=15)
_IPV6_NETWORK_BITS = 64


class LoginLockedError(RateLimitedError):
    """The same for a right password and a wrong one, for a name that exists and one that does not."""

    code = "login-locked"

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(
            "too many failed logins; none is looked at for a while",
            retry_after_s=retry_after_s,
            hint="wait, or ask an administrator for a new password; API keys go on working",
        )


@dataclass(frozen=True, slots=True)
class Attempt:
    """One login that was counted: under which keys, the name's first."""

    keys: tuple[str, ...]


class Lockout:
    """Thread-safe, and the same for all servers of one database."""

    def __init__(self, store: AccessStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def check(self, account: str, email: str, address: str) -> None:
        """A look that changes nothing, before anything costly. Raises LoginLockedError."""
        now = self._clock.now()
        with self._store.snapshot() as tx:
            _refuse_locked([tx.login_failures.find(key) for key in _keys(account, email, address)], now)

    def begin(self, account: str, email: str, address: str) -> Attempt:
        """Counts a failure, durably; call ``succeeded`` if it was none. Raises LoginLockedError, and counts nothing."""
        now, keys = self._clock.now(), _keys(account, email, address)
        with self._store.transaction() as tx:
            rows = [tx.login_failures.claim(key, now) for key in sorted(keys)]  # in one order: nobody waits in a ring
            _refuse_locked(rows, now)
            for row in rows:
                limit = FAILURES_PER_NAME if row.key == keys[0] else FAILURES_PER_ADDRESS
                tx.login_failures.put(_counted(row, limit, now))
        return Attempt(keys)

    def succeeded(self, tx: AccessTransaction, attempt: Attempt) -> None:
        """Forgets all failures under the name, and under the address no more than this attempt: whoever knows one
        password of his own must not buy guesses at others with it."""
        for key in sorted(attempt.keys):
            row = tx.login_failures.claim(key, self._clock.now())
            if key == attempt.keys[0] or row.count <= 1:
                tx.login_failures.remove(key)
            else:
                tx.login_failures.put(replace(row, count=row.count - 1, locked_until=None))

    def locked_until(self, account: str, email: str) -> datetime | None:
        """Until when nobody can log in under that name; None when somebody can."""
        name = _keys(account, email, "")[0]
        with self._store.snapshot() as tx:
            row = tx.login_failures.find(name)
        is_locked = row is not None and row.locked_until is not None and row.locked_until > self._clock.now()
        return row.locked_until if row is not None and is_locked else None

    def forgive(self, tx: AccessTransaction, account: str, email: str) -> None:
        """Forgets the failures under the name, and not those under any address."""
        for name in _keys(account, email, ""):
            tx.login_failures.remove(name)

    def sweep(self) -> int:
        """Forgets what does not count any more."""
        with self._store.transaction() as tx:
            return tx.login_failures.purge(self._clock.now() - WINDOW)


def _keys(account: str, email: str, address: str) -> tuple[str, ...]:
    """What is typed as a name may be a password by mistake, or very long: only a digest of it is kept."""
    name = hashlib.sha256(f"{account}\n{canonical_email(email)}".encode()).hexdigest()
    return (f"name:{name}", f"address:{_network(address)}") if address else (f"name:{name}",)


def _network(address: str) -> str:
    """Whoever has one IPv6 address has all of its network; an IPv4 address in IPv6 clothes is that IPv4 address."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:100]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None:
            return str(ipaddress.IPv6Network((parsed, _IPV6_NETWORK_BITS), strict=False))
        parsed = parsed.ipv4_mapped
    return str(parsed)


def _refuse_locked(rows: Iterable[LoginFailures | None], now: datetime) -> None:
    ends = [row.locked_until for row in rows if row is not None and row.locked_until is not None]
    if ends and max(ends) > now:
        raise LoginLockedError((max(ends) - now).total_seconds())


def _counted(row: LoginFailures, limit: int, now: datetime) -> LoginFailures:
    is_old = now - row.first_at >= WINDOW or row.locked_until is not None
    count, first_at = (1, now) if is_old else (row.count + 1, row.first_at)
    return LoginFailures(row.key, count, first_at, now + LOCKED_FOR if count >= limit else None)
