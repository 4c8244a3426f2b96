"""What must be true of a secret before it is stored; pure. Messages never repeat a value."""

from pierhead.control.scopes import Scope, check_identifier, check_name

from .errors import EmptySecretError, InvalidSecretError, ScopeMismatchError, UnknownManagerError
from .model import BUILT_IN_MANAGER, SecretDraft, ValueType

_MAX_VALUE = 64 * 1024
_MAX_PATH = 2048
_MAX_DESCRIPTION = 1024
_MAX_TAGS = 128
_MAX_TAG_LENGTH = 128


def check_draft(draft: SecretDraft) -> None:
    """Raises InvalidSecretError or one of its kind, InvalidIdentifierError, InvalidInputError (name)."""
    check_identifier(draft.identifier)
    check_name(draft.name)
    if len(draft.description) > _MAX_DESCRIPTION:
        raise InvalidSecretError(f"description can be {_MAX_DESCRIPTION} characters long")
    if len(draft.tags) > _MAX_TAGS or any(max(map(len, pair)) > _MAX_TAG_LENGTH for pair in draft.tags.items()):
        raise InvalidSecretError(f"there can be {_MAX_TAGS} tags with keys and values of {_MAX_TAG_LENGTH} characters")
    if draft.value_type is ValueType.INLINE and draft.secret_manager.rpartition(".")[2] != BUILT_IN_MANAGER:
        raise UnknownManagerError(draft.secret_manager)
    _check_value(draft)


def check_same_scope(payload: Scope, params: Scope) -> None:
    """Body and query both name the scope, and must agree. Raises ScopeMismatchError."""
    if payload != params:
        raise ScopeMismatchError


def _check_value(draft: SecretDraft) -> None:
    if draft.value is None:
        return
    text = draft.value.reveal()
    if not text:
        raise EmptySecretError
    cap = _MAX_VALUE if draft.value_type is ValueType.INLINE else _MAX_PATH
    if len(text) > cap:
        raise InvalidSecretError(f"value is longer than the {cap:,} characters accepted")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidSecretError("value has characters that are not text (lone surrogates)")
    if draft.value_type is ValueType.REFERENCE and not text.isprintable():
        raise InvalidSecretError("the path of a Reference secret has control characters in it")
