"""What is wrong with a plan, gathered so that it is told all at once."""

from collections.abc import Iterable
from dataclasses import dataclass

from pierhead.kit.errors import AppError, InvalidInputError, UnauthenticatedError, UnavailableError

from .errors import ApiError, code_of, meaning


@dataclass(frozen=True, slots=True)
class Problem:
    """``what``: the document as it is called in a plan; ``where``: its file, empty for what no file speaks of."""

    what: str
    where: str
    text: str
    code: str

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        return f"{self.what}{place}: {self.text}" if self.what else self.text

    def to_json(self) -> dict[str, str]:
        return {"document": self.what, "file": self.where, "code": self.code, "message": self.text}


class PlanRefusedError(InvalidInputError):
    """``details`` has every problem for programs."""

    code = "plan-refused"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        count = f"{len(self.problems)} problem{'' if len(self.problems) == 1 else 's'}"
        lines = [f"{count} would stop this, or keep it from doing what is meant:", *map(str, self.problems)]
        super().__init__("\n  ".join(lines), hint="nothing was changed; mend the documents and try again")
        self.details = {"problems": [problem.to_json() for problem in self.problems]}


class Problems:
    """Errors about single documents. Without ``gathers`` the first is raised, as where something is written after."""

    def __init__(self, *, gathers: bool) -> None:
        self._gathers = gathers
        self._found: dict[Problem, None] = {}

    def add(self, what: object, where: str, text: str, code: str) -> None:
        self._found[Problem(str(what), where, text, code)] = None

    def take(self, error: AppError, what: object = "", where: str = "") -> None:
        """Raises the error itself where it is not to be gathered, or is about no document: nobody answers."""
        category = meaning(error)
        told = category is AppError and isinstance(error, ApiError)
        if not self._gathers or told or issubclass(category, UnavailableError | UnauthenticatedError):
            raise error
        text = error.message.removeprefix(f"{where}: ").removesuffix("; nothing was changed")
        self.add(what, where, text, code_of(error))

    def check(self) -> None:
        """Raises PlanRefusedError when there is one."""
        if self._found:
            raise PlanRefusedError(self._found)
