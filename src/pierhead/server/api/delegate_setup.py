"""What is running, and how to set up more: lists of delegates, values for the chart, the version (harness-api §4.8)."""

from typing import Annotated

from fastapi import Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from pierhead import __version__
from pierhead.control.delegates import DEFAULT_TOKEN
from pierhead.server.auth import ReferenceCall, reference_caller

from .bodies import json_body
from .delegate_values import values_of
from .late_routes import LateRouter
from .openapi import takes
from .params import ReferenceScope
from .resources import ResourceAnswer, resource
from .token_owners import tokens_of
from .uses import visible_groups
from .wire.delegate_groups import STATUS_PATTERN, DelegateFilterBody, GroupDetail
from .wire.delegate_setup import HelmBody, SupportedVersion

router = LateRouter(prefix="/ng/api/delegate-setup", tags=["delegates"], dependencies=[Depends(reference_caller)])

YAML = "application/yaml"
Filter = Annotated[DelegateFilterBody | None, Depends(json_body(DelegateFilterBody, is_optional=True))]
Sent = Annotated[HelmBody, Depends(json_body(HelmBody))]


@router.post("/listDelegates", operation_id="listDelegates", openapi_extra=takes(DelegateFilterBody, is_required=False))
def list_delegates(
    call: ReferenceCall,
    scope: ReferenceScope,
    body: Filter,
    everywhere: Annotated[bool, Query(alias="all")] = False,
    status: Annotated[str, Query(pattern=STATUS_PATTERN, description="where one client sends it")] = "",
) -> ResourceAnswer[list[GroupDetail]]:
    """Groups of one scope with their replicas; with ``all`` also those of the scopes above and below."""
    call.visible(scope)
    wanted = body or DelegateFilterBody()
    if wanted.finds_nothing:
        return resource([])
    found = visible_groups(call, call.app.delegates.groups(scope, wanted.value(status, is_everywhere=everywhere)))
    tokens, now = tokens_of(call.app, found), call.app.clock.now()
    return resource([GroupDetail.of(view, tokens, now) for view in found if wanted.passes(view)])


@router.get("/latest-supported-version", operation_id="getDelegateVersion")
def latest_version(call: ReferenceCall, scope: ReferenceScope) -> ResourceAnswer[SupportedVersion]:
    """The server's own: delegates are the same program."""
    del call, scope
    return resource(
        SupportedVersion(latest_supported_version=__version__, latest_supported_minimal_version=__version__)
    )


@router.post(
    "/generate-helm-values",
    operation_id="generateHelmValues",
    openapi_extra=takes(HelmBody),
    response_class=Response,
    responses={200: {"content": {YAML: {"schema": {"type": "string"}}}}},
)
def generate_helm_values(request: Request, call: ReferenceCall, scope: ReferenceScope, body: Sent) -> Response:
    """Values for the chart in ``deploy/helm``, with the token in them. Keep them as you keep the token."""
    name = body.token_name or DEFAULT_TOKEN
    token = call.app.delegate_tokens.get(scope, name)
    value = call.app.delegate_tokens.reveal(token)
    text = values_of(body, call.account, value, str(request.base_url).removesuffix("/gateway/").rstrip("/"))
    return Response(text, media_type=YAML)
