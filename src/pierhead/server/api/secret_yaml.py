"""Secrets as YAML documents (harness-api §2.1): what they are, and where outside their value is, but never a value."""

from typing import Annotated

from fastapi import Depends
from pydantic import TypeAdapter

from pierhead.control.pipelines import PipelineSyntaxError, yaml_value
from pierhead.control.secrets import SecretChangeError, ValueType, check_same_scope
from pierhead.kit.errors import InvalidInputError
from pierhead.server.auth import ReferenceCall, reference_caller

from .answers import Answer, answer
from .bodies import JSON, checked, raw_body
from .late_routes import LateRouter
from .openapi import takes
from .params import ReferenceScope
from .pipelines import YAML
from .refusals import EmptyBodyError
from .wire.secrets import SecretBody, SecretItem

router = LateRouter(prefix="/ng/api/v2/secrets", tags=["secrets"], dependencies=[Depends(reference_caller)])

_SECRET = TypeAdapter(SecretBody)


class InlineValueInYamlError(InvalidInputError):
    code = "inline-value-in-yaml"

    def __init__(self) -> None:
        super().__init__(
            "Inline secret text cannot be provided in YAML.",
            hint="YAML is kept in files: send the value as JSON, or let valueType Reference point to it",
        )


class UnreadableYamlError(InvalidInputError):
    code = "unreadable-yaml"


def _secret(raw: Annotated[bytes, Depends(raw_body(*YAML, "text/plain", *JSON))]) -> SecretBody:
    """A dependency: the body. Raises InlineValueInYamlError for one that tells the value."""
    if not raw:
        raise EmptyBodyError
    try:
        value = yaml_value(raw)
    except PipelineSyntaxError as error:
        raise UnreadableYamlError(f"the YAML cannot be read at {error.place}: {error.reason}") from None
    body = checked(_SECRET, value)
    if body.secret.spec.value_type is ValueType.INLINE and body.secret.spec.value is not None:
        raise InlineValueInYamlError
    return body


Sent = Annotated[SecretBody, Depends(_secret)]


@router.post("/yaml", operation_id="createSecretFromYaml", openapi_extra=takes(SecretBody, *YAML))
def create(call: ReferenceCall, scope: ReferenceScope, body: Sent) -> Answer[SecretItem]:
    """Stores a secret whose value is kept elsewhere."""
    check_same_scope(body.scope(call.account), scope)
    return answer(call, SecretItem.of(call.app.secrets.create(body.draft(call.account), by=call.actor)))


@router.put("/{identifier}/yaml", operation_id="updateSecretFromYaml", openapi_extra=takes(SecretBody, *YAML))
def update(call: ReferenceCall, scope: ReferenceScope, identifier: str, body: Sent) -> Answer[SecretItem]:
    """Replaces name, description and tags, and of a Reference where its value is."""
    draft = body.draft(call.account)
    if (draft.identifier, draft.scope) != (identifier, scope):
        raise SecretChangeError
    return answer(call, SecretItem.of(call.app.secrets.update(draft, by=call.actor)))
