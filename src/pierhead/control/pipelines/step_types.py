"""Which kind of image a step type runs in, read from ``step_types.toml``. Names no image and decides no version."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib import resources


class StepKind(StrEnum):
    CATALOGUE = "catalogue"
    SCANNER = "scanner"
    USER = "user"
    NO_IMAGE = "no_image"


@dataclass(frozen=True, slots=True)
class StepType:
    """``image`` is a catalogue field or a scanner; ``by_source`` are other fields, by ``spec.source.type``."""

    name: str
    kind: StepKind
    image: str = ""
    by_source: Mapping[str, str] = field(default_factory=dict)

    def image_for(self, source_type: str | None) -> str:
        return self.by_source.get((source_type or "").casefold(), self.image)


@cache
def step_types() -> Mapping[str, StepType]:
    """Every step type that is known, by name."""
    table = tomllib.loads(resources.files(__package__).joinpath("step_types.toml").read_text("utf-8"))
    by_source = table["catalogue_by_source"]
    types = [
        *(
            StepType(name, StepKind.CATALOGUE, image, by_source.get(name, {}))
            for name, image in table["catalogue"].items()
        ),
        *(StepType(name, StepKind.SCANNER, image) for name, image in table["scanner"].items()),
        *(StepType(name, StepKind.USER) for name in table["user"]["types"]),
        *(StepType(name, StepKind.NO_IMAGE) for name in table["no_image"]["types"]),
    ]
    return {each.name: each for each in types}
