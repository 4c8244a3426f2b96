"""What can be wrong with an artifact source, or with a watch on one."""

from pierhead.kit.errors import ConflictError, InvalidInputError, NotFoundError


class OneTagRuleError(InvalidInputError):
    """A source names one tag or one rule, never two, never none."""

    code = "one-tag-rule"

    def __init__(self, names: tuple[str, ...], given: int) -> None:
        shown = " or ".join(names)
        said = "none was given" if given == 0 else f"{given} were given"
        super().__init__(f"say exactly one of {shown}; {said}")


class NoTagMatchesError(NotFoundError):
    code = "no-tag-matches"

    def __init__(self, image: str, rule: str, listed: int, *, truncated: bool = False) -> None:
        more = ", and there are more that were not read" if truncated else ""
        super().__init__(
            f"none of the {listed:,} tags of {image[:300]} matches {rule[:300]}{more}",
            hint="list the tags with `pierhead artifact tags`; a pattern has to match the whole tag",
        )


class WatchExistsError(ConflictError):
    code = "watch-exists"

    def __init__(self, identifier: str) -> None:
        super().__init__(f"Watch with identifier [{identifier}] already exists in this scope")


class WatchMissingError(NotFoundError):
    code = "watch-missing"

    def __init__(self, identifier: str) -> None:
        super().__init__(f"Watch with identifier [{identifier[:200]}] not found", hint="see `pierhead watch list`")


class WatchIntervalError(InvalidInputError):
    code = "watch-interval"

    def __init__(self, seconds: int, least: int, most: int) -> None:
        super().__init__(f"a watch can look every {least} to {most:,} seconds, not every {seconds:,}")


class TooManyWatchesError(InvalidInputError):
    code = "too-many-watches"

    def __init__(self, most: int) -> None:
        super().__init__(f"there are {most} watches in this account already", hint="delete some that nobody reads")
