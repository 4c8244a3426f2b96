"""Reference page of the image catalogue: fields with their defaults, repositories, scanners, step types."""

from collections.abc import Iterator

from markdown import code, page, table

from pierhead.control.catalogue import Catalogue, CatalogueField, Infra
from pierhead.control.pipelines.step_types import StepKind, step_types

INTRODUCTION = """\
The images that the CI platform itself needs. A *field* is a setting that holds one image; an account may
[pin](../guides/pin-versions.md) a field to another image. The data ships with the package, in
`src/pierhead/control/catalogue/data`.

`pierhead image list` prints the fields as they are for your account.
"""


def build() -> str:
    catalogue = Catalogue.load()
    return page(
        "Image catalogue",
        INTRODUCTION,
        *(part for line in catalogue.lines() for part in _line(catalogue, line)),
        "## Purposes",
        table(("Field", "On", "What the image does"), map(_purpose, catalogue.fields.values())),
        "## Repositories",
        "What `GET /registry/_catalog` lists, scanners left out.",
        table(("Repository", "What it does"), _repositories(catalogue)),
        "## Scanners",
        "A scanner has no field and no pin. A step names another tag with `imageTag` and another registry with "
        "`connectorRef`.",
        table(("Scanner", "Image"), ((code(each.name), code(each.image)) for each in catalogue.scanners.values())),
        "## Step types",
        "Which image a step runs in, by its `type`. A step of any other type leaves a warning, and no image is "
        "planned for it.",
        table(("Step type", "Image"), _steps()),
    )


def _line(catalogue: Catalogue, line: str) -> Iterator[str]:
    newest = ", the newest" if line == catalogue.lines()[0] else ""
    yield f"## Defaults of release line {line}{newest}"
    kubernetes, machines = (catalogue.defaults(infra, line) for infra in (Infra.K8, Infra.VM))
    names = [name for name in catalogue.fields if name in kubernetes or name in machines]
    rows = ((code(name), code(kubernetes.get(name, "")), code(machines.get(name, ""))) for name in names)
    yield table(("Field", "K8", "VM"), rows)


def _purpose(field: CatalogueField) -> tuple[str, str, str]:
    infras = ", ".join(infra.value for infra in Infra if infra in field.infras)
    return code(field.name), infras, field.purpose


def _repositories(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    scanners = {scanner.repository for scanner in catalogue.scanners.values()}
    for repository in catalogue.repositories():
        if repository not in scanners:
            yield code(repository), catalogue.purpose_of(repository) or ""


def _steps() -> Iterator[tuple[str, str]]:
    says = {StepKind.USER: "the image that the step names", StepKind.NO_IMAGE: "none"}
    for name, step in sorted(step_types().items(), key=lambda pair: pair[0].casefold()):
        image = f"scanner {code(step.image)}" if step.kind is StepKind.SCANNER else code(step.image)
        sources = "".join(f"; {code(field)} where `source.type` is {kind}" for kind, field in step.by_source.items())
        yield code(name), (says.get(step.kind) or image) + sources
