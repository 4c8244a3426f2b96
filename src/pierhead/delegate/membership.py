"""Whether the server knows us: enrolment, session, approval, and what follows when it knows us no more."""

import logging

from pierhead.kit.errors import AppError
from pierhead.protocol.agent import SessionAnswer

from .alarm import Alarm
from .errors import DelegateRevokedError, DelegateUnknownError, RefusedError, TokenNeededError
from .server import Server
from .settings import DelegateSettings
from .state import StateDirectory

log = logging.getLogger(__name__)

_SESSION_IS_OVER = frozenset({"session-unknown", "session-closed"})


class Membership:
    """Used from one thread. ``session`` is None while there is none; ``state`` is what the server last called us."""

    def __init__(self, settings: DelegateSettings, state: StateDirectory, server: Server) -> None:
        self._settings = settings
        self._kept = state
        self._server = server
        self._why = "" if state.enrolment is not None else "this delegate is not enrolled yet"
        self._tries = 0
        self.session: SessionAnswer | None = None
        self.state = ""

    def make_sure(self, alarm: Alarm) -> SessionAnswer:
        """The session, opened and enrolled for where it must be. Raises AppError, WrongServerError among them."""
        if self._why:
            self._enrol(alarm)
        if self.session is None:
            enrolment = self._kept.enrolment
            assert enrolment is not None
            self.session = self._server.open_session(enrolment.server_key, alarm)
            log.info("connected to %s as %s", self._server.place, self._settings.name)
            self.tell(self.session.state)
        return self.session

    def is_well(self) -> None:
        """The server has spoken with us as with one it knows."""
        self._tries = 0

    def tell(self, state: str) -> None:
        """The server's word for us; told once each time it changes."""
        if state == self.state:
            return
        if state == "WAITING_FOR_APPROVAL":
            log.warning("waiting for approval: run `pierhead delegate approve %s`", self._settings.name)
        elif self.state:
            log.info("approved")
        self.state = state

    def mend(self, error: AppError) -> bool:
        """What to do about a refusal: True to try again at once, False after a pause; raises it when it is the end."""
        match error:
            case DelegateUnknownError():
                return self._enrol_again(error, is_possible=self._settings.token is not None)
            case DelegateRevokedError():
                return self._enrol_again(
                    error, is_possible=not self._tries and self._server.has_another_token(self._kept.enrolment)
                )
            case RefusedError() if self._why:
                raise error  # the token is not accepted
            case RefusedError() if error.refusal in _SESSION_IS_OVER:
                self.session = None
        return False

    def _enrol_again(self, error: AppError, *, is_possible: bool) -> bool:
        if not is_possible:
            raise error
        self._why = error.message
        self.session = None
        self._tries += 1
        return self._tries == 1

    def _enrol(self, alarm: Alarm) -> None:
        if self._settings.token is None:
            raise TokenNeededError(self._why)
        pinned = self._kept.enrolment.server_key if self._kept.enrolment is not None else None
        enrolment, state = self._server.enrol(self._settings.token, pinned, alarm)
        self._kept.keep(enrolment)
        self._why = ""
        log.info("enrolled at %s as %s (%s)", self._server.place, self._settings.name, enrolment.delegate_id)
        self.tell(state)
