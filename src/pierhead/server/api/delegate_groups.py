"""The tags of delegate groups over HTTP, as the reference's clients know them (harness-api §4.8)."""

from typing import Annotated

from fastapi import Depends, Path

from pierhead.control.delegates import DelegateFilter
from pierhead.control.scopes import Scope
from pierhead.server.auth import Call, ReferenceCall, reference_caller

from .bodies import json_body
from .late_routes import LateRouter
from .openapi import takes
from .params import ReferenceScope
from .resources import ResourceAnswer, resource
from .uses import visible_groups
from .wire.delegate_groups import GroupTags, GroupTagsBody

router = LateRouter(prefix="/ng/api/delegate-group-tags", tags=["delegates"], dependencies=[Depends(reference_caller)])

Group = Annotated[str, Path(alias="groupIdentifier")]
Sent = Annotated[GroupTagsBody, Depends(json_body(GroupTagsBody))]
_TAGS = takes(GroupTagsBody)


@router.post("/delegate-groups", operation_id="listDelegateGroupsByTags", openapi_extra=_TAGS)
def list_by_tags(call: ReferenceCall, scope: ReferenceScope, body: Sent) -> ResourceAnswer[list[GroupTags]]:
    """Groups that have all of these tags, however they came by them."""
    call.visible(scope)
    found = visible_groups(call, call.app.delegates.groups(scope, DelegateFilter(tags=tuple(body.tags))))
    return resource([GroupTags.of(view.group) for view in found])


@router.get("/{groupIdentifier}", operation_id="getDelegateGroupTags")
def get_tags(call: ReferenceCall, scope: ReferenceScope, group: Group) -> ResourceAnswer[GroupTags]:
    """The tags that were put on the group; those of its configuration are not among them."""
    return _tags(call, scope, group)


@router.post("/{groupIdentifier}", operation_id="addDelegateGroupTags", openapi_extra=_TAGS)
def add_tags(call: ReferenceCall, scope: ReferenceScope, group: Group, body: Sent) -> ResourceAnswer[GroupTags]:
    call.app.delegates.add_tags(scope, group, tuple(body.tags), by=call.actor)
    return _tags(call, scope, group)


@router.put("/{groupIdentifier}", operation_id="setDelegateGroupTags", openapi_extra=_TAGS)
def set_tags(call: ReferenceCall, scope: ReferenceScope, group: Group, body: Sent) -> ResourceAnswer[GroupTags]:
    """These tags in place of those that were put on the group before."""
    call.app.delegates.set_tags(scope, group, tuple(body.tags), by=call.actor)
    return _tags(call, scope, group)


@router.delete("/{groupIdentifier}", operation_id="deleteDelegateGroupTags")
def delete_tags(call: ReferenceCall, scope: ReferenceScope, group: Group) -> ResourceAnswer[GroupTags]:
    """Takes away every tag that was put on the group."""
    call.app.delegates.set_tags(scope, group, (), by=call.actor)
    return _tags(call, scope, group)


def _tags(call: Call, scope: Scope, group: str) -> ResourceAnswer[GroupTags]:
    return resource(GroupTags.of(call.app.delegates.get_group(scope, group).group))
