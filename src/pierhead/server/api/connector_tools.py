"""What can be asked about connectors beyond the reference: previews, lists, what a tag means, the default one."""

from typing import Annotated

from fastapi import Depends, Query

from pierhead.control.connectors import parse_connector
from pierhead.server.auth import OwnCall, own_caller

from .answers import Answer, answer
from .authority import CallerAuthority
from .bodies import json_body, json_value
from .connectors import saved_answer, test_answer
from .late_routes import LateRouter
from .openapi import takes
from .params import OwnScope
from .slow_calls import Slow
from .uses import use_connector
from .wire.connection_tests import TestResult
from .wire.connectors import ConnectorBody, PreviewBody, PreviewInfo, SavedConnectorItem
from .wire.registry import RepositoriesInfo, ResolvedImage, TagsInfo

router = LateRouter(prefix="/pierhead/v1/connectors", tags=["connectors"], dependencies=[Depends(own_caller)])

MAX_TAGS = 100_000
MAX_REPOSITORIES = 100_000
Draft = Annotated[object, Depends(json_value())]
Sent = Annotated[PreviewBody, Depends(json_body(PreviewBody))]


@router.post("/preview", operation_id="previewConnector", openapi_extra=takes(PreviewBody))
def preview(call: OwnCall, body: Sent) -> Answer[PreviewInfo]:
    """What a connector with this URL would make of image names, before it is saved. Asks no registry."""
    return answer(call, PreviewInfo.of(call.app.connectors.preview(body.url, body.provider_type)))


@router.post("/restoreDefault", operation_id="restoreDefaultConnector")
def restore_default(call: OwnCall) -> Answer[SavedConnectorItem]:
    """``harnessImage`` as it was at the first start: Docker Hub, anonymous."""
    return saved_answer(call, call.app.connectors.restore_default(call.account, by=call.actor))


@router.post("/test", operation_id="testUnsavedConnector", openapi_extra=takes(ConnectorBody))
def test_unsaved(call: OwnCall, body: Draft, slow: Slow) -> Answer[TestResult]:
    """Tests a connector without storing it, and waits for the result. All of it is in the body: nothing is taken from
    a stored connector that has its identifier, and each secret it names has to be one that the caller may use."""
    draft = parse_connector(body, call.account)
    call.authorise(draft.scope, draft.identifier)
    connector = call.app.connectors.unsaved(draft, CallerAuthority(call))
    with slow.one("connection tests", call.share_key):
        tested = call.app.connector_tasks.tested_unsaved(connector, by=call.actor)
    return test_answer(call, tested)


@router.get("/{identifier}/tags", operation_id="listConnectorTags")
def list_tags(
    call: OwnCall,
    scope: OwnScope,
    slow: Slow,
    identifier: str,
    repository: Annotated[str, Query(min_length=1, max_length=512)],
    limit: Annotated[int, Query(ge=1, le=MAX_TAGS)] = 10_000,
) -> Answer[TagsInfo]:
    """Tags of a repository as seen through a connector; ``truncated`` when there are more than ``limit``."""
    use_connector(call, call.app.connectors.get(scope, identifier))
    with slow.one("lists of tags", call.share_key):
        found = call.app.connector_tasks.list_tags(scope, identifier, repository, limit)
    return answer(call, TagsInfo(name=found.name, tags=list(found.tags), truncated=found.truncated))


@router.get("/{identifier}/repositories", operation_id="listConnectorRepositories")
def list_repositories(
    call: OwnCall,
    scope: OwnScope,
    slow: Slow,
    identifier: str,
    limit: Annotated[int, Query(ge=1, le=MAX_REPOSITORIES)] = 10_000,
) -> Answer[RepositoriesInfo]:
    """Repositories as the registry lists them through a connector; many registries list none."""
    use_connector(call, call.app.connectors.get(scope, identifier))
    with slow.one("lists of repositories", call.share_key):
        found = call.app.connector_tasks.list_repositories(scope, identifier, limit)
    return answer(call, RepositoriesInfo(repositories=list(found.repositories), truncated=found.truncated))


@router.get("/{identifier}/resolve", operation_id="resolveImage")
def resolve(
    call: OwnCall,
    scope: OwnScope,
    slow: Slow,
    identifier: str,
    image: Annotated[str, Query(min_length=1, max_length=512)],
) -> Answer[ResolvedImage]:
    """What an image's tag means now through a connector: its digest, and the platforms that are in it."""
    use_connector(call, call.app.connectors.get(scope, identifier))
    with slow.one("resolutions", call.share_key):
        found = call.app.connector_tasks.resolve(scope, identifier, image)
    return answer(call, ResolvedImage.of(found))
