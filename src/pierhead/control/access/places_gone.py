"""No resource group speaks of a place that is deleted: one that is made again under its name is another place.

A group that loses its last place so is good for nothing until somebody names another.
"""

from dataclasses import replace
from datetime import datetime

from pierhead.control.audit import Subject
from pierhead.control.organizations import ChangedByDeletion
from pierhead.control.scopes import EntityRows, ResourceType, Scope

from .documents import render_group
from .model import ResourceGroup


def take_out_of_groups(rows: EntityRows[ResourceGroup], place: Scope, at: datetime) -> tuple[ChangedByDeletion, ...]:
    """For stores: takes the place and what is below it out of all groups of the account; which changed, and how."""
    changed = []
    for group in rows.list_below(Scope(place.account)):
        left = tuple(one for one in group.included_scopes if not place.contains(one.scope))
        if left != group.included_scopes:
            after = replace(group, included_scopes=left, last_modified_at=at)
            rows.replace(after)
            subject = Subject(group.scope, ResourceType.RESOURCE_GROUP, group.identifier, group.name)
            changed.append(ChangedByDeletion(subject, render_group(group), render_group(after)))
    return tuple(changed)
