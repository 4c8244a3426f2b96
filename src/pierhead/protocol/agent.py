"""What a delegate and the control plane say to each other; values only.

A delegate speaks first, always: every exchange is a POST of JSON below ``AGENT_PATH``, signed with the delegate's key
(``signatures``). Who is speaking follows from that key; nothing in a body says so. Refusals have the shape of
``Refusal`` whatever the status.
"""

from typing import Annotated, Literal

from pydantic import Field

from .message import Message
from .tasks import CopyEvent, ImageEvent, Result

AGENT_PATH = "/pierhead/v1/agent"

Name = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
Tag = Annotated[str, Field(min_length=1, max_length=128)]
Key = Annotated[str, Field(min_length=43, max_length=44)]
"""32 bytes in base64."""


# --- POST enrol: signed with the very key that it makes known


class EnrolRequest(Message):
    """``token`` is the text of a delegate token; ``kinds`` are the kinds of task this delegate performs.

    Enrolling again with the same key is no second delegate: it renews what is known of the first.
    """

    token: Annotated[str, Field(max_length=512)]
    name: Name
    host_name: Annotated[str, Field(max_length=253)]
    signing_key: Key
    sealing_key: Key
    tags: Annotated[tuple[Tag, ...], Field(max_length=64)] = ()
    description: Annotated[str, Field(max_length=1024)] = ""
    version: Annotated[str, Field(max_length=64)]
    kinds: Annotated[tuple[str, ...], Field(max_length=32)]
    capacity: Annotated[int, Field(ge=1, le=1000)]


class EnrolAnswer(Message):
    """``proof``: the control plane's signature over ``signatures.enrolment_bytes``, in base64; its key must have the
    fingerprint that stands in the token."""

    delegate_id: str
    account: str
    state: Literal["ENABLED", "WAITING_FOR_APPROVAL"]
    server_key: Key
    proof: str


# --- POST session: once for each start of the process


class SessionRequest(Message):
    """``session`` is random and new with each start of the process: what the delegate held before is lost to it."""

    session: Annotated[str, Field(min_length=16, max_length=64)]
    host_name: Annotated[str, Field(max_length=253)]
    tags: Annotated[tuple[Tag, ...], Field(max_length=64)] = ()
    version: Annotated[str, Field(max_length=64)]
    kinds: Annotated[tuple[str, ...], Field(max_length=32)]
    capacity: Annotated[int, Field(ge=1, le=1000)]


class SessionAnswer(Message):
    """Polls are held up to ``poll_s``; a lease lasts ``lease_s`` and is renewed by progress within a third of it.

    ``proof``: the control plane's signature over ``signatures.session_bytes``, in base64: a delegate talks to no other.
    """

    state: Literal["ENABLED", "WAITING_FOR_APPROVAL"]
    poll_s: float
    lease_s: float
    proof: str


# --- POST close: the last word of a session; what the delegate still holds goes to others at once


class CloseRequest(Message):
    session: str


# --- POST poll: one at a time, held until there is something to say


class PollRequest(Message):
    """``free``: how many more tasks it would take now; ``is_draining``: finishes what it has and takes no more."""

    session: str
    free: Annotated[int, Field(ge=0, le=1000)]
    is_draining: bool = False


class Offer(Message):
    task: str
    kind: str


class PollAnswer(Message):
    """``offers`` may be acquired, first come first served; ``cancel`` are its own tasks to stop within two seconds."""

    state: Literal["ENABLED", "WAITING_FOR_APPROVAL"]
    offers: tuple[Offer, ...] = ()
    cancel: tuple[str, ...] = ()


# --- POST tasks/<id>/acquire


class AcquireRequest(Message):
    session: str


class OrderHead(Message):
    """What an order is for. Its exact bytes are signed, and the sealed task is bound to them.

    ``lease_s`` counts from when the answer arrives. ``check_first``: origins to try to connect to before anything
    else, because nobody knows yet whether this delegate reaches them.
    """

    task: str
    kind: str
    fence: int
    delegate: str
    lease_s: float
    check_first: tuple[str, ...] = ()


class Order(Message):
    """``head`` is the JSON text of an OrderHead; ``sealed`` a task (JSON of ``tasks.Task``) for the delegate's
    sealing key, bound to the bytes of ``head``; ``signature`` the control plane's over both
    (``signatures.order_bytes``), in base64."""

    head: str
    sealed: str
    signature: str


class AcquireAnswer(Message):
    """No order: somebody else has the task, or it is not for this delegate any more; ``reason`` says which."""

    order: Order | None = None
    reason: str = ""


# --- POST tasks/<id>/progress: also renews the lease


class ProgressRequest(Message):
    """``checkpoint``: what another attempt needs to go on from here (at most 16 KiB of JSON); None changes nothing."""

    fence: int
    images: Annotated[tuple[ImageEvent, ...], Field(max_length=2000)] = ()
    copies: Annotated[tuple[CopyEvent, ...], Field(max_length=2000)] = ()
    checkpoint: dict[str, object] | None = None


class ProgressAnswer(Message):
    is_cancel_requested: bool = False


# --- POST tasks/<id>/finish, tasks/<id>/release, tasks/<id>/decline


class FinishRequest(Message):
    """Repeating it is harmless: the same lease ends a task once. ``is_cancelled``: stopped because it was asked to."""

    fence: int
    result: Result
    is_cancelled: bool = False


class ReleaseRequest(Message):
    """Given back undone because the delegate stops; the attempt does not count."""

    fence: int
    checkpoint: dict[str, object] | None = None


class Unreachable(Message):
    origin: str
    code: str
    message: str


class DeclineRequest(Message):
    """Given back because the delegate may not or cannot reach a registry of the task."""

    fence: int
    unreachable: Annotated[tuple[Unreachable, ...], Field(min_length=1, max_length=100)]


class Done(Message):
    """The answer to everything that has nothing else to say."""


class Refusal(Message):
    """``code`` is stable. Those a delegate acts on: ``delegate-unknown`` (enrol again), ``delegate-revoked`` (end),
    ``session-superseded`` (end), ``stale-lease`` (drop the work), ``clock-skew`` (``now`` is the control plane's time,
    Unix seconds: sign with that), ``busy`` (wait ``Retry-After`` seconds).

    ``proof``, beside ``now``: the control plane's signature over ``signatures.time_bytes``, in base64. Without a good
    one a delegate that is enrolled goes on by its own clock, or whoever is in between could have it sign for later.
    """

    code: str
    message: str
    hint: str = ""
    now: float | None = None
    proof: str | None = None
