"""Who is let in: the token that is shown, the group that is joined, and the delegate that comes of both.

That the request was signed with the very key it makes known has been checked before.
"""

import hmac
from dataclasses import replace
from datetime import datetime

from pierhead.kit.ids import IdSource

from .drafts import EnrolmentDraft, check_admitted
from .errors import DelegateIdentityError, DelegateTokenRevokedError, InvalidDelegateTokenError
from .model import Delegate, DelegateGroup, DelegateState, DelegateToken, fingerprint_of
from .ports import DelegateTransaction
from .token_seal import hash_of
from .token_text import TokenText

_NO_HASH = b"\0" * 32


def shown_token(tx: DelegateTransaction, text: str, pepper: bytes, now: datetime) -> DelegateToken:
    """The live token with this text. An unknown one gets the words of a wrong one, after the same work.

    Raises InvalidDelegateTokenError, DelegateTokenRevokedError.
    """
    shown = TokenText.parse(text)
    if shown is None:
        raise InvalidDelegateTokenError
    token = tx.delegate_tokens.find_by_id(shown.id)
    is_right = hmac.compare_digest(hash_of(shown.secret, pepper), token.secret_hash if token else _NO_HASH)
    if token is None or not is_right:
        raise InvalidDelegateTokenError
    if not token.is_live(now):
        raise DelegateTokenRevokedError(token.name)
    return token


def joined_group(
    tx: DelegateTransaction, token: DelegateToken, draft: EnrolmentDraft, ids: IdSource, now: datetime
) -> DelegateGroup:
    """The group of the token's owner with the draft's name, made when there is none. Raises GroupExistsError."""
    tx.delegate_tokens.find(token.scope, token.name)  # others that enrol with it at this moment come one by one
    group = tx.delegate_groups.find(token.scope, draft.name)
    if group is None:
        group = DelegateGroup(ids(), token.scope, draft.name, now, draft.description)
        tx.delegate_groups.add(group)
    elif draft.description and draft.description != group.description:
        group = replace(group, description=draft.description)
        tx.delegate_groups.put(group)
    return group


def newcomer(
    draft: EnrolmentDraft, group: DelegateGroup, token: DelegateToken, state: DelegateState, now: datetime
) -> Delegate:
    return Delegate(
        id=fingerprint_of(draft.signing_key),
        group_id=group.id,
        scope=group.scope,
        name=draft.name,
        host_name=draft.host_name,
        signing_key=draft.signing_key,
        sealing_key=draft.sealing_key,
        token_id=token.id,
        state=state,
        version=draft.version,
        kinds=draft.kinds,
        capacity=draft.capacity,
        enrolled_at=now,
        tags=draft.tags,
    )


def held_up(known: Delegate, says: Delegate) -> Delegate:
    """``says``, the delegate after new words of its own; with claims that nobody approved it waits for approval again.

    For where approval is required. Fewer claims are always fine, and so are those it had when it was approved.
    """
    if known.state is not DelegateState.ENABLED:
        return says
    approved = known.claims if known.approved_selectors is None else known.approved_selectors
    kept = replace(says, approved_selectors=approved)
    return replace(kept, state=DelegateState.WAITING_FOR_APPROVAL) if kept.unapproved else kept


def returned(known: Delegate, draft: EnrolmentDraft, group: DelegateGroup, token: DelegateToken) -> Delegate:
    """The delegate after enrolling again: what it says of itself is new, what was decided about it stays.

    Raises DelegateRevokedError, DelegateIdentityError.
    """
    check_admitted(known.label, known.state, token_is_live=True)
    if known.scope != token.scope:
        raise DelegateIdentityError(known.label, "owner")
    if known.name != draft.name:
        raise DelegateIdentityError(known.label, "name")
    return replace(
        known,
        group_id=group.id,
        host_name=draft.host_name,
        sealing_key=draft.sealing_key,
        token_id=token.id,
        version=draft.version,
        kinds=draft.kinds,
        capacity=draft.capacity,
        tags=draft.tags,
    )
