"""Enrolling, opening a session and ending it: what the exchanges mean, on the threads of the hub's pool."""

from typing import Literal

from pierhead.control.delegates import Delegate, DelegateState, EnrolmentDraft, KnownDelegate, SessionDraft
from pierhead.protocol.agent import (
    CloseRequest,
    Done,
    EnrolAnswer,
    EnrolRequest,
    SessionAnswer,
    SessionRequest,
)
from pierhead.protocol.sealing import check_sealing_key
from pierhead.protocol.signatures import (
    enrolment_bytes,
    key_from_text,
    key_to_text,
    session_bytes,
    signature_to_text,
)

from .edge import message_in
from .identity import Gatekeeper, Signed
from .linkage import LinkApplication


class Sessions:
    """The caller has made sure who speaks, but for an enrolment."""

    def __init__(self, app: LinkApplication, gatekeeper: Gatekeeper) -> None:
        self._app = app
        self._gatekeeper = gatekeeper

    def enrol(self, signed: Signed, target: str) -> EnrolAnswer:
        """Signed with the key that it makes known, which proves that whoever sends it has that key."""
        request = message_in(signed.body, EnrolRequest)
        key = key_from_text(request.signing_key)
        self._gatekeeper.check_stranger(signed.signature, target, key)
        draft = EnrolmentDraft(
            token=request.token,
            name=request.name,
            host_name=request.host_name,
            signing_key=key,
            sealing_key=check_sealing_key(key_from_text(request.sealing_key)),
            version=request.version,
            kinds=request.kinds,
            capacity=request.capacity,
            nonce=signed.nonce,
            tags=request.tags,
            description=request.description,
        )
        delegate = self._app.agents.enrol(draft)
        server = self._app.server_key
        proof = server.sign(enrolment_bytes(delegate.id, delegate.scope.account, server.public))
        return EnrolAnswer(
            delegate_id=delegate.id,
            account=delegate.scope.account,
            state=_state(delegate),
            server_key=key_to_text(server.public),
            proof=signature_to_text(proof),
        )

    def open(self, known: KnownDelegate, signed: Signed) -> SessionAnswer:
        request = message_in(signed.body, SessionRequest)
        draft = SessionDraft(
            session=request.session,
            host_name=request.host_name,
            version=request.version,
            kinds=request.kinds,
            capacity=request.capacity,
            tags=request.tags,
        )
        delegate = self._app.agents.open_session(known.id, draft, signed.nonce)
        self._app.hub.expect(known.id)
        proof = self._app.server_key.sign(session_bytes(known.id, request.session))
        return SessionAnswer(
            state=_state(delegate),
            poll_s=self._app.hub.poll_s,
            lease_s=self._app.queue.lease_s,
            proof=signature_to_text(proof),
        )

    def close(self, known: KnownDelegate, signed: Signed) -> Done:
        """Only the session that counts can end itself. Raises SessionSupersededError."""
        known.check(message_in(signed.body, CloseRequest).session)
        self._app.agents.close_session(known.id)
        self._app.hub.presence.leave(known.id)
        return Done()


def _state(delegate: Delegate) -> Literal["ENABLED", "WAITING_FOR_APPROVAL"]:
    return "ENABLED" if delegate.state is DelegateState.ENABLED else "WAITING_FOR_APPROVAL"
