"""The plain shapes of a registry's lists."""

from .common import Wire


class Catalogue(Wire):
    repositories: list[str]


class TagList(Wire):
    name: str
    tags: list[str]


class TagsInfo(TagList):
    """``truncated``: there are more tags than were asked for."""

    truncated: bool
