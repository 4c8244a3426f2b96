"""What a delegate says of itself when it enrols and when its process starts, and what is known of one that speaks.

Values. A draft is checked as it is made, so nothing of a wrong form gets further.
"""

from dataclasses import dataclass, field

from .checks import (
    check_capacity,
    check_delegate_name,
    check_description,
    check_host_name,
    check_key,
    check_kinds,
    check_session,
    check_tags,
    check_version,
)
from .errors import DelegateRevokedError, SessionSupersededError
from .model import DelegateState


@dataclass(frozen=True, slots=True)
class EnrolmentDraft:
    """``token`` is the text of a delegate token, ``nonce`` that of the signed request; keys are 32 bytes each.

    Raises InvalidDelegateError.
    """

    token: str = field(repr=False)
    name: str
    host_name: str
    signing_key: bytes
    sealing_key: bytes
    version: str
    kinds: tuple[str, ...]
    capacity: int
    nonce: str
    tags: tuple[str, ...] = ()
    description: str = ""

    def __post_init__(self) -> None:
        check_delegate_name(self.name)
        check_key("signing key", self.signing_key)
        check_key("sealing key", self.sealing_key)
        _put(self, description=check_description(self.description), **_checked(self))


@dataclass(frozen=True, slots=True)
class SessionDraft:
    """``session`` is new with each start of the process. Raises InvalidDelegateError."""

    session: str
    host_name: str
    version: str
    kinds: tuple[str, ...]
    capacity: int
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_session(self.session)
        _put(self, **_checked(self))


@dataclass(frozen=True, slots=True)
class KnownDelegate:
    """What has to be known of whoever signs with a key before a word of it is heard.

    ``token_is_live``: whether the token that let it in still counts.
    """

    id: str
    account: str
    label: str
    signing_key: bytes
    sealing_key: bytes
    state: DelegateState
    token_is_live: bool
    session: str

    def check(self, session: str | None = None) -> None:
        """May it be heard at all, and, where one is given, is that its session? Waiting for approval it may.

        Raises DelegateRevokedError, SessionSupersededError.
        """
        check_admitted(self.label, self.state, self.token_is_live)
        if session is not None and session != self.session:
            raise SessionSupersededError(self.label)


def check_admitted(label: str, state: DelegateState, token_is_live: bool) -> None:
    """Raises DelegateRevokedError."""
    if state in (DelegateState.DISABLED, DelegateState.DELETED):
        raise DelegateRevokedError(label, f"is {state.lower()}")
    if not token_is_live:
        raise DelegateRevokedError(label, "was let in by a token that is revoked")


def _checked(draft: EnrolmentDraft | SessionDraft) -> dict[str, object]:
    check_version(draft.version)
    check_capacity(draft.capacity)
    host_name = check_host_name(draft.host_name)
    return {"host_name": host_name, "tags": check_tags(draft.tags), "kinds": check_kinds(draft.kinds)}


def _put(draft: object, **values: object) -> None:
    for name, value in values.items():
        object.__setattr__(draft, name, value)
