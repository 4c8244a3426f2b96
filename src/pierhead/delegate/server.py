"""The exchanges of the agent link, one method each; who the server is gets proved here, by its pinned key.

Nothing is tried again here.
"""

from dataclasses import dataclass

from pierhead import __version__
from pierhead.kit.redact import SecretValue
from pierhead.protocol import agent as wire
from pierhead.protocol.signatures import (
    enrolment_bytes,
    fingerprint,
    key_from_text,
    key_to_text,
    session_bytes,
    signature_from_text,
    verify,
)
from pierhead.protocol.tasks import Result
from pierhead.protocol.token_text import TokenText

from .alarm import Alarm
from .errors import TokenNeededError, WrongServerError
from .link import LIMIT_S, ORDER_CAP, Link
from .settings import DelegateSettings
from .state import Enrolment, Identity

KINDS = ("pull", "testConnection", "listTags", "listRepositories", "resolve", "readTags", "copy")
_POLL_MARGIN_S = 15.0
_CLOSE_S = 2.0


@dataclass(frozen=True, slots=True)
class Server:
    """Thread-safe. ``session``: the name of this start of the process. An alarm ends a wait: InterruptedPollError."""

    link: Link
    settings: DelegateSettings
    identity: Identity
    session: str

    @property
    def place(self) -> str:
        return self.link.place

    def enrol(self, token: SecretValue, pinned: bytes | None, alarm: Alarm) -> tuple[Enrolment, str]:
        """Makes this delegate known; its enrolment and its state. Raises TokenNeededError, WrongServerError."""
        text = token.reveal()
        parsed = TokenText.parse(text)
        if parsed is None:
            raise TokenNeededError("what was given is not the text of one")
        if pinned is not None and parsed.server != fingerprint(pinned):
            raise WrongServerError(self.place, "the token is another server's than this delegate is enrolled with")
        if pinned is not None:
            self.link.trust(pinned)
        request = wire.EnrolRequest(
            token=text,
            name=self.settings.name,
            signing_key=key_to_text(self.identity.signing.public),
            sealing_key=key_to_text(self.identity.sealing.public),
            description=self.settings.description,
            host_name=self.settings.host_name,
            tags=self.settings.tags,
            version=__version__,
            kinds=KINDS,
            capacity=self.settings.capacity,
        )
        answer = self.link.post("enrol", request, wire.EnrolAnswer, alarm=alarm)
        return self._proved(answer, parsed), answer.state

    def open_session(self, server_key: bytes, alarm: Alarm) -> wire.SessionAnswer:
        """Raises WrongServerError unless the answer is from the owner of ``server_key``."""
        self.link.trust(server_key)
        request = wire.SessionRequest(
            session=self.session,
            host_name=self.settings.host_name,
            tags=self.settings.tags,
            version=__version__,
            kinds=KINDS,
            capacity=self.settings.capacity,
        )
        answer = self.link.post("session", request, wire.SessionAnswer, alarm=alarm)
        signed = session_bytes(self.identity.delegate_id, self.session)
        if not verify(server_key, signed, signature_from_text(answer.proof)):
            raise WrongServerError(self.place, "it does not have the key of the server that let this delegate in")
        return answer

    def poll(self, free: int, is_draining: bool, poll_s: float, alarm: Alarm) -> wire.PollAnswer:
        """Held by the server up to ``poll_s``."""
        request = wire.PollRequest(session=self.session, free=free, is_draining=is_draining)
        return self.link.post("poll", request, wire.PollAnswer, limit_s=poll_s + _POLL_MARGIN_S, alarm=alarm)

    def acquire(self, task_id: str) -> wire.AcquireAnswer:
        request = wire.AcquireRequest(session=self.session)
        return self.link.post(f"tasks/{task_id}/acquire", request, wire.AcquireAnswer, cap=ORDER_CAP)

    def progress(self, task_id: str, request: wire.ProgressRequest) -> bool:
        """Renews the lease; whether the task shall be cancelled."""
        return self.link.post(f"tasks/{task_id}/progress", request, wire.ProgressAnswer).is_cancel_requested

    def finish(self, task_id: str, fence: int, result: Result, is_cancelled: bool) -> None:
        request = wire.FinishRequest(fence=fence, result=result, is_cancelled=is_cancelled)
        self.link.post(f"tasks/{task_id}/finish", request, wire.Done, limit_s=LIMIT_S * 2)

    def release(self, task_id: str, fence: int, checkpoint: dict[str, object] | None) -> None:
        request = wire.ReleaseRequest(fence=fence, checkpoint=checkpoint)
        self.link.post(f"tasks/{task_id}/release", request, wire.Done, limit_s=_CLOSE_S, total_s=_CLOSE_S)

    def decline(self, task_id: str, fence: int, unreachable: tuple[wire.Unreachable, ...]) -> None:
        request = wire.DeclineRequest(fence=fence, unreachable=unreachable)
        self.link.post(f"tasks/{task_id}/decline", request, wire.Done)

    def close(self) -> None:
        """The last word of the session."""
        request = wire.CloseRequest(session=self.session)
        self.link.post("close", request, wire.Done, limit_s=_CLOSE_S, total_s=_CLOSE_S)

    def has_another_token(self, known: Enrolment | None) -> bool:
        """Whether the token at hand is not the one that let us in."""
        token = self.settings.token
        parsed = TokenText.parse(token.reveal()) if token is not None else None
        return parsed is not None and known is not None and parsed.id != known.token_id

    def _proved(self, answer: wire.EnrolAnswer, token: TokenText) -> Enrolment:
        server_key = key_from_text(answer.server_key)
        if fingerprint(server_key) != token.server:
            raise WrongServerError(self.place, "its key is not the one that stands in the token")
        signed = enrolment_bytes(answer.delegate_id, answer.account, server_key)
        if not verify(server_key, signed, signature_from_text(answer.proof)):
            raise WrongServerError(self.place, "it cannot prove that the key is its own")
        if answer.delegate_id != self.identity.delegate_id:
            raise WrongServerError(self.place, "it takes this delegate for another one")
        return Enrolment(answer.delegate_id, answer.account, server_key, token.id)
