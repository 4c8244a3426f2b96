"""What a mirror wants, rule by rule, once its preset is spelled out; and how that is named at its two registries."""

from collections.abc import Iterable

from pierhead.control.catalogue import CatalogueService, Infra
from pierhead.control.connectors import Connector
from pierhead.control.mirroring import InvalidMirrorError, Mirror, MirroredRepository, Preset
from pierhead.kit.errors import AppError
from pierhead.oci.reference import DOCKER_HUB, Reference
from pierhead.oci.tag_selection import TagRules

from .origins import origin_of
from .question_work import named


def wanted(mirror: Mirror, catalogue: CatalogueService) -> tuple[MirroredRepository, ...]:
    """The mirror's own rules, and what its preset adds to them."""
    rules = {each.repository: each for each in mirror.spec.repositories}
    if mirror.spec.preset is Preset.CI_IMAGES:
        for repository, tag in _ci_images(mirror.scope.account, catalogue):
            known = rules.get(repository, MirroredRepository(repository, TagRules()))
            rules[repository] = _with_tag(known, tag)
    return tuple(rules.values())


def named_at(connector: Connector, repository: str, tag: str = "") -> Reference:
    """Raises InvalidImageReferenceError, ImageNotPlaceableError."""
    return named(connector, f"{repository}:{tag}" if tag else repository)


def check_names(connector: Connector, repositories: Iterable[MirroredRepository]) -> None:
    """That each is at the registry of the connector, whose credentials it would be asked with.

    Raises InvalidMirrorError, and as ``named_at``.
    """
    own = origin_of(connector).partition("://")[2]
    for each in repositories:
        registry = named_at(connector, each.repository).registry
        if registry != own:
            why = f"{each.repository} is at {registry}, and connector {connector.reference} is one for {own}"
            raise InvalidMirrorError("repositories", why, "write it as behind the connector, or use another connector")


def quarantined_in(mirror: Mirror, repository: str) -> str:
    """Where at the target an image is until its gates let it through."""
    return f"{mirror.spec.quarantine}/{repository}"


def _with_tag(known: MirroredRepository, tag: str) -> MirroredRepository:
    rules = known.tags
    if tag in rules.exact:
        return known
    exact = (*rules.exact, tag)
    return MirroredRepository(
        known.repository,
        TagRules(exact, rules.globs, rules.regexes, rules.semver, rules.newest, rules.exclude),
    )


def _ci_images(account: str, catalogue: CatalogueService) -> Iterable[tuple[str, str]]:
    """Every image that pipelines of the account may need as it is configured now, with the scanners' ones. One that
    names a registry itself does not come from the source and is left out."""
    configs = [catalogue.customer_config(account, infra, overrides_only=False) for infra in Infra]
    images = [image for config in configs for image in config.values()]
    images += [scanner.image for scanner in catalogue.catalogue.scanners.values()]
    for image in dict.fromkeys(images):
        try:
            reference = Reference.parse(image)
        except AppError:
            continue  # pinned in a form that nobody can pull; a run says so
        if reference.registry == DOCKER_HUB and reference.digest is None:
            yield reference.repository, reference.tag or "latest"
