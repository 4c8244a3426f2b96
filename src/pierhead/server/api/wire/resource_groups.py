"""Resource groups on the wire, in the form of the newer path (harness-api §6.3)."""

from typing import Annotated, Literal, Self

from pydantic import Field

from pierhead.control.access import (
    IncludedScope,
    ResourceGroup,
    ResourceGroupDraft,
    ResourceSelector,
    render_group,
)
from pierhead.control.scopes import ResourceType, Scope
from pierhead.kit.clock import to_epoch_ms

from .common import Identifier, Name, OptionalText, Received, Wire
from .roles import OR_NULL, FewTags, LevelWord, Text, Words, levels_from

MAX_SCOPES = 100
MAX_SELECTORS = 100
MAX_IDENTIFIERS = 1000
_TYPES = {str(each): each for each in ResourceType}
ShortText = Annotated[str, Field(max_length=128)]


class IncludedScopeIn(Received):
    filter: Literal["EXCLUDING_CHILD_SCOPES", "INCLUDING_CHILD_SCOPES"] = "EXCLUDING_CHILD_SCOPES"
    account_identifier: OptionalText = None
    org_identifier: OptionalText = None
    project_identifier: OptionalText = None

    def included(self, account: str) -> IncludedScope:
        scope = Scope(self.account_identifier or account, self.org_identifier, self.project_identifier)
        return IncludedScope(scope, self.filter == "INCLUDING_CHILD_SCOPES")


class AttributeFilter(Received):
    attribute_name: ShortText = ""
    attribute_values: Annotated[list[ShortText], OR_NULL, Field(max_length=100)] = Field(default_factory=list)


class SelectorIn(Received):
    """No identifiers: all things of the type."""

    resource_type: ShortText
    identifiers: Annotated[list[ShortText], OR_NULL, Field(max_length=MAX_IDENTIFIERS)] = Field(default_factory=list)
    attribute_filter: AttributeFilter | None = None

    def selector(self) -> ResourceSelector | None:
        """None for a type of things that there is not here. An attribute that is not known selects nothing."""
        kind = _TYPES.get(self.resource_type)
        if kind is None:
            return None
        attributes: tuple[str, ...] | None = None
        if self.attribute_filter is not None and self.attribute_filter.attribute_name:
            is_category = self.attribute_filter.attribute_name == "category"
            attributes = tuple(self.attribute_filter.attribute_values) if is_category else ()
        return ResourceSelector(kind, frozenset(self.identifiers) or None, attributes)


class FilterIn(Received):
    include_all_resources: bool = False
    resources: Annotated[list[SelectorIn], OR_NULL, Field(max_length=MAX_SELECTORS)] = Field(default_factory=list)


class ResourceGroupIn(Received):
    identifier: Identifier
    name: Name
    account_identifier: OptionalText = None
    org_identifier: OptionalText = None
    project_identifier: OptionalText = None
    color: ShortText | None = None
    tags: FewTags = Field(default_factory=dict)
    description: Text = None
    allowed_scope_levels: Words = Field(default_factory=list)
    included_scopes: Annotated[list[IncludedScopeIn], OR_NULL, Field(max_length=MAX_SCOPES)] = Field(
        default_factory=list
    )
    resource_filter: FilterIn | None = None

    def names_other_place(self, scope: Scope) -> bool:
        """What it leaves out is said by the query."""
        said = (self.account_identifier, self.org_identifier, self.project_identifier)
        meant = (scope.account, scope.org, scope.project)
        return any(word not in (None, place) for word, place in zip(said, meant, strict=True))


class ResourceGroupBody(Received):
    resource_group: ResourceGroupIn

    def draft(self, scope: Scope) -> ResourceGroupDraft:
        group = self.resource_group
        wanted = group.resource_filter or FilterIn()
        found = [each.selector() for each in wanted.resources]
        selectors = tuple(each for each in found if each is not None)
        return ResourceGroupDraft(
            scope=scope,
            identifier=group.identifier,
            name=group.name,
            selectors=None if wanted.include_all_resources else selectors,
            included_scopes=tuple(each.included(scope.account) for each in group.included_scopes),
            levels=levels_from(group.allowed_scope_levels),
            color=group.color or "",
            description=group.description or "",
            tags=group.tags,
        )


class ResourceGroupFilterBody(Received):
    """An empty field restricts nothing."""

    search_term: Annotated[str | None, Field(max_length=1000)] = None
    identifier_filter: Annotated[list[ShortText], OR_NULL] = Field(default_factory=list, max_length=MAX_IDENTIFIERS)
    managed_filter: Literal["NO_FILTER", "ONLY_MANAGED", "ONLY_CUSTOM"] | None = None


class IncludedScopeOut(Wire):
    filter: str
    account_identifier: str
    org_identifier: str | None
    project_identifier: str | None


class AttributeFilterOut(Wire):
    attribute_name: str
    attribute_values: list[str]


class SelectorOut(Wire):
    resource_type: str
    identifiers: list[str]
    attribute_filter: AttributeFilterOut | None


class FilterOut(Wire):
    include_all_resources: bool
    resources: list[SelectorOut]


class ResourceGroupOut(Wire):
    account_identifier: str
    org_identifier: str | None
    project_identifier: str | None
    identifier: str
    name: str
    color: str
    tags: dict[str, str]
    description: str
    allowed_scope_levels: list[LevelWord]
    included_scopes: list[IncludedScopeOut]
    resource_filter: FilterOut


class ResourceGroupItem(Wire):
    resource_group: ResourceGroupOut
    created_at: int
    last_modified_at: int
    harness_managed: bool

    @classmethod
    def of(cls, group: ResourceGroup) -> Self:
        return cls(
            resource_group=ResourceGroupOut.model_validate(render_group(group)),
            created_at=to_epoch_ms(group.created_at),
            last_modified_at=to_epoch_ms(group.last_modified_at),
            harness_managed=group.is_managed,
        )
