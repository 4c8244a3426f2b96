"""What can be wrong with an operator's own list of hosts."""

from pierhead.kit.errors import InvalidInputError


class RetiredHostsFileError(InvalidInputError):
    """``path``: the file; ``problem``: one clause that names the entry."""

    code = "retired-hosts-file"

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(
            f"{path[:300]}: {problem}",
            hint="each entry is a table [[host]] with id, name, hosts, then, why and use (guide: end of life)",
        )
        self.path = path
