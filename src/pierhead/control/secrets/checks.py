"""What must be true of a secret before it is stored; pure. Messages never repeat a value."""

from pierhead.control.scopes import Scope, check_identifier, check_name

from .errors import EmptySecretError, InvalidSecretError, ScopeMismatchError, UnknownManagerError
from .manager_errors import InlineElsewhereError
from .managing import SecretManagers
from .model import BUILT_IN_MANAGER, SecretDraft, ValueType

_MAX_VALUE = 64 * 1024
_MAX_PATH = 2048
_MAX_DESCRIPTION = 1024
_MAX_TAGS = 128
_MAX_TAG_LENGTH = 128
_MAX_VERSION = 128


def check_draft(draft: SecretDraft) -> None:
    """Raises InvalidSecretError or one of its kind, InvalidIdentifierError, InvalidInputError (name)."""
    check_identifier(draft.identifier)
    check_name(draft.name)
    if len(draft.description) > _MAX_DESCRIPTION:
        raise InvalidSecretError(f"description can be {_MAX_DESCRIPTION} characters long")
    if len(draft.tags) > _MAX_TAGS or any(max(map(len, pair)) > _MAX_TAG_LENGTH for pair in draft.tags.items()):
        raise InvalidSecretError(f"there can be {_MAX_TAGS} tags with keys and values of {_MAX_TAG_LENGTH} characters")
    _check_value(draft)
    version = draft.reference_version
    if version is not None and (len(version) > _MAX_VERSION or not version.isprintable()):
        raise InvalidSecretError(f"the version of a Reference secret is {_MAX_VERSION} characters at most, on one line")


def check_manager(draft: SecretDraft, managers: SecretManagers) -> None:
    """Raises UnknownManagerError, InlineElsewhereError, ReferencePathError."""
    is_built_in = draft.secret_manager.rpartition(".")[2] == BUILT_IN_MANAGER
    if draft.value_type is ValueType.INLINE:
        if not is_built_in:
            managers.find(draft.secret_manager, draft.scope)
            raise InlineElsewhereError(draft.secret_manager)
        return
    if is_built_in:
        raise UnknownManagerError(draft.secret_manager, "a Reference secret needs one that is not the built-in one")
    manager = managers.find(draft.secret_manager, draft.scope)
    if draft.value is not None:
        manager.store.check(draft.value.reveal(), draft.reference_version)


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
