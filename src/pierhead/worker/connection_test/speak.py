"""The middle steps of a connection test: does a registry answer, does it let us in, how often, and by which clock."""

from pierhead.registry.client import RegistryClient
from pierhead.registry.endpoint import UsernamePassword
from pierhead.registry.errors import (
    BadResponseError,
    ForeignRealmError,
    RegistryError,
    RegistryUnauthenticatedError,
)
from pierhead.registry.probe import Probe

from .report import Step, ok, skipped, warning

VERSION, CHALLENGE, TOKEN, LIMIT, CLOCK = "/v2/", "challenge", "token", "rate limit", "clock skew"
_SKEW_S = 60.0
_FEW_LEFT = 10


class Speak:
    """Each step raises the AppError it fails with."""

    def __init__(self, client: RegistryClient) -> None:
        self._client = client
        self._endpoint = client.endpoint
        self._probe: Probe | None = None
        self._login_error: RegistryError | None = None

    def version(self) -> Step:
        try:
            probe = self._probe = self._client.probe()
        except RegistryError as error:
            if not self._is_about_login(error):
                raise
            self._login_error = error
            return ok(VERSION, f"{self._endpoint.origin} speaks the registry protocol v2 and wants a login")
        if not probe.is_v2:
            what = f"{self._endpoint.origin}/v2/"
            raise BadResponseError(what, f"status {probe.status}, which is no registry's", probe.exchange)
        server = f", server {probe.server}" if probe.server else ""
        return ok(VERSION, f"status {probe.status}, version {probe.api_version or 'not said'}{server}")

    def challenge(self) -> Step:
        if isinstance(self._login_error, ForeignRealmError):
            raise self._login_error
        probe = self._probe
        if probe is None:
            return ok(CHALLENGE, "a login is asked for, in a way we know")
        if not probe.schemes:
            return ok(CHALLENGE, "none: no login is asked for")
        realm = f", realm {probe.realm}, service {probe.service or 'not named'}" if probe.realm else ""
        return ok(CHALLENGE, f"{', '.join(probe.schemes)}{realm}")

    def token(self) -> Step:
        if self._login_error is not None:
            raise self._login_error
        probe, who = self._probe, self._endpoint.credential
        assert probe is not None
        if not probe.schemes:
            if isinstance(who, UsernamePassword):
                advice = "take the credentials out of the connector, or check that its URL is the right one"
                return warning(TOKEN, "the registry asked for no login, so the credentials are unproven", advice)
            return skipped(TOKEN, "no login is asked for")
        name = f"as {who.username}" if isinstance(who, UsernamePassword) else "anonymously"
        if probe.login_status < 400:
            return ok(TOKEN, f"logged in {name}")
        if self._endpoint.is_anonymous and "bearer" in probe.schemes:
            return warning(
                TOKEN,
                f"an anonymous token does not open /v2/ (status {probe.login_status})",
                "see the steps pull right; private images need credentials",
            )
        raise RegistryUnauthenticatedError(
            self._endpoint.origin.authority, is_anonymous=self._endpoint.is_anonymous, exchange=probe.exchange
        )

    def limit(self) -> Step:
        rate = self._client.rate_limit
        if rate is None and self._probe is None:
            return skipped(LIMIT, "the login did not get so far")
        if rate is None:
            return ok(LIMIT, "the registry names none")
        window = f" in {rate.window_s / 3600:g} h" if rate.window_s else ""
        evidence = f"{_number(rate.remaining)} of {_number(rate.limit)} pulls left{window}"
        if rate.remaining is not None and rate.remaining < _FEW_LEFT:
            return warning(LIMIT, evidence, "use credentials with a larger quota, or a mirror of this registry")
        return ok(LIMIT, evidence)

    def clock(self) -> Step:
        if self._probe is None:
            return skipped(CLOCK, "the login did not get so far")
        skew_s = self._probe.clock_skew_s
        if skew_s is None:
            return skipped(CLOCK, "the registry does not tell its time")
        evidence = f"the registry's clock is {abs(skew_s):.0f} s {'ahead of' if skew_s > 0 else 'behind'} ours"
        if abs(skew_s) > _SKEW_S:
            return warning(
                CLOCK, evidence, "set the clock of the machine that pulls: tokens and certificates have times"
            )
        return ok(CLOCK, evidence)

    def _is_about_login(self, error: RegistryError) -> bool:
        """Whether the registry itself did answer, and the way from there to a login is what failed."""
        if isinstance(error, (ForeignRealmError, RegistryUnauthenticatedError)):
            return True
        return error.exchange is not None and not error.exchange.url.startswith(f"{self._endpoint.origin}/")


def _number(value: int | None) -> str:
    return "an unknown number" if value is None else f"{value:,}"
