"""The plain shapes of a registry's lists."""

from typing import Self

from pierhead.protocol.tasks import ResolveResult

from .common import Wire


class Catalogue(Wire):
    repositories: list[str]


class TagList(Wire):
    name: str
    tags: list[str]


class TagsInfo(TagList):
    """``truncated``: there are more tags than were asked for."""

    truncated: bool


class RepositoriesInfo(Catalogue):
    """``truncated``: there are more repositories than were asked for."""

    truncated: bool


class PlatformInfo(Wire):
    platform: str
    digest: str
    size_bytes: int


class ResolvedImage(Wire):
    """``platforms`` is empty for an image that is no index."""

    reference: str
    digest: str
    media_type: str
    size_bytes: int
    platforms: list[PlatformInfo]

    @classmethod
    def of(cls, result: ResolveResult) -> Self:
        return cls(
            reference=result.reference,
            digest=result.digest,
            media_type=result.media_type,
            size_bytes=result.size_bytes,
            platforms=[
                PlatformInfo(platform=each.platform, digest=each.digest, size_bytes=each.size_bytes)
                for each in result.platforms
            ],
        )
