"""Docker artifact sources as the reference's clients know them (harness-api §8.2, §8.3).

Otherwise than there, the newest is the highest version and not the last name, every tag is read and not 10,000 of
them, and an anonymous list works with every registry that gives one. Parameters about pipelines mean nothing here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Depends, Query

from pierhead.control.sources import NoTagMatchesError, TagRule, Wanted, wanted_tags
from pierhead.kit.errors import NotFoundError
from pierhead.protocol.tag_facts import MOST_CONFIGS
from pierhead.registry.errors import ManifestUnknownError
from pierhead.server.auth import ReferenceCall, reference_caller
from pierhead.server.jobs.errors import TaskFailedError

from .answers import Answer, answer
from .bodies import json_body
from .late_routes import LateRouter
from .openapi import takes
from .params import ReferenceScope
from .slow_calls import Slow
from .sources import Source, referred, source_of
from .wire.artifacts import BuildDetails, BuildDetailsList, BuildMetadata, DockerRequest

router = LateRouter(prefix="/ng/api/artifacts/docker", tags=["artifacts"], dependencies=[Depends(reference_caller)])

_HINT = "Check if the image exists and if the permissions are scoped for the authenticated user"
ConnectorRef = Annotated[str, Query(alias="connectorRef", min_length=1, max_length=256)]
ImagePath = Annotated[str, Query(alias="imagePath", min_length=1, max_length=512)]


def _source(
    call: ReferenceCall, scope: ReferenceScope, slow: Slow, connector_ref: ConnectorRef, image_path: ImagePath
) -> Source:
    return source_of(call, slow, scope, connector_ref, image_path)


Asked = Annotated[Source, Depends(_source)]
Request = Annotated[DockerRequest | None, Depends(json_body(DockerRequest, is_optional=True))]
_BODY = takes(DockerRequest, is_required=False)


@router.get("/getBuildDetails", operation_id="getDockerBuildDetails")
def get_build_details(call: ReferenceCall, source: Asked) -> Answer[BuildDetailsList]:
    """Every tag of an image, the newest version first; labels are read by ``getLabels`` only."""
    return answer(call, _all(source))


@router.post(
    "/getBuildDetailsV2",
    operation_id="getDockerBuildDetailsV2",
    openapi_extra=_BODY,
    dependencies=[Depends(json_body(DockerRequest, is_optional=True))],
)
def get_build_details_again(call: ReferenceCall, source: Asked) -> Answer[BuildDetailsList]:
    """The same; a pipeline in the body means nothing."""
    return answer(call, _all(source))


@router.post("/getLabels", operation_id="getDockerLabels", openapi_extra=_BODY)
def get_labels(call: ReferenceCall, source: Asked, body: Request) -> Answer[BuildDetailsList]:
    """Labels of the tags in ``tagsList``, of ``tag``, or of the newest ones, 100 at once; ``unread`` are the rest."""
    asked = body or DockerRequest()
    named = [*(asked.tags_list or []), *([asked.tag] if asked.tag else [])]
    with _said(source):
        if not named:
            listed, truncated = source.tags()
            rule = TagRule.parse(None, asked.tag_regex) if asked.tag_regex else None
            named = list(rule.matching(listed)) if rule else wanted_tags(Wanted(), listed)
        else:
            truncated = False
        read = source.facts(named[:MOST_CONFIGS], with_configs=True)
    good = {tag: facts for tag, facts in read.items() if facts.digest is not None and not facts.problem}
    details = [_details(source, tag, facts.labels) for tag, facts in good.items()]
    unread = [tag for tag in dict.fromkeys(named) if tag not in good]
    return answer(call, BuildDetailsList(build_details_list=details, truncated=truncated, unread=unread))


@router.post("/getLastSuccessfulBuild", operation_id="getDockerLastSuccessfulBuild", openapi_extra=_BODY)
def get_last_build(call: ReferenceCall, source: Asked, body: Request) -> Answer[BuildDetails]:
    """The tag, when it is there; or the newest version of those that ``tagRegex`` matches whole."""
    return answer(call, _last(source, body))


@router.post("/getLastSuccessfulBuildV2", operation_id="getDockerLastSuccessfulBuildV2", openapi_extra=_BODY)
def get_last_build_again(call: ReferenceCall, source: Asked, body: Request) -> Answer[BuildDetails]:
    """The same; a pipeline in the body means nothing."""
    return answer(call, _last(source, body))


@router.get("/validateArtifactServer", operation_id="validateDockerArtifactServer")
def validate_server(
    call: ReferenceCall, scope: ReferenceScope, slow: Slow, connector_ref: ConnectorRef
) -> Answer[bool]:
    """Whether the connector passes its test now; the status that is shown of it stays that of its own tests."""
    connector = referred(call, scope, connector_ref)
    with slow.one("connection tests", call.share_key):
        tested = call.app.connector_tasks.tested_unsaved(connector)
    return answer(call, tested.report.outcome == "success")


@router.get("/validateArtifactSource", operation_id="validateDockerArtifactSource")
def validate_source(call: ReferenceCall, source: Asked) -> Answer[bool]:
    """Whether the image is there."""
    with _said(source):
        source.tags(1)
    return answer(call, True)


@router.post("/validateArtifact", operation_id="validateDockerArtifact", openapi_extra=_BODY)
def validate_artifact(call: ReferenceCall, source: Asked, body: Request) -> Answer[bool]:
    """Whether there is such a tag."""
    _last(source, body)
    return answer(call, True)


def _all(source: Source) -> BuildDetailsList:
    with _said(source):
        listed, truncated = source.tags()
    tags = wanted_tags(Wanted(), listed)
    return BuildDetailsList(build_details_list=[_details(source, tag) for tag in tags], truncated=truncated)


def _last(source: Source, body: DockerRequest | None) -> BuildDetails:
    asked = body or DockerRequest()
    rule = TagRule.parse(asked.tag, asked.tag_regex)
    with _said(source):
        if rule.tag is not None:
            return _details(source, source.fact(rule.tag, with_configs=False).tag)
        listed, truncated = source.tags()
    found = rule.matching(listed)
    if not found:
        raise NoTagMatchesError(source.image, str(rule), len(listed), truncated=truncated)
    return _details(source, found[0])


def _details(source: Source, tag: str, labels: dict[str, str] | None = None) -> BuildDetails:
    url, image = source.connector.spec.url.rstrip("/"), source.image
    metadata = BuildMetadata(image=source.of_tag(tag), tag=tag)
    return BuildDetails(
        tag=tag, build_url=f"{url}/{image}/tags/{tag}", metadata=metadata, labels=labels or {}, image_path=image
    )


@contextmanager
def _said(source: Source) -> Iterator[None]:
    """Failures of the registry in the reference's words, with what it was after them."""
    try:
        yield
    except TaskFailedError as error:
        failure = error.failure
        if failure.code == ManifestUnknownError.code:
            registry = source.connector.spec.url
            message = f"Docker image [{source.image}] not found in registry [{registry}]: {failure.message}"
        elif error.category is NotFoundError:
            message = f"Image name [{source.image}] does not exist in Docker Registry."
        else:
            message = f"Could not fetch tags for the image: {failure.message}"
        hint = f"{_HINT}; {failure.hint}" if failure.hint else _HINT
        raise TaskFailedError(failure.model_copy(update={"message": message, "hint": hint})) from None
