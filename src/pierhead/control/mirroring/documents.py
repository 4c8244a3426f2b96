"""A mirror as a document, as clients and the audit trail see it. How one is read is the API's."""

from .model import Mirror, MirroredRepository, MirrorSpec

_TEXTS = {"exact": "exact", "glob": "globs", "regex": "regexes", "exclude": "exclude"}


def spec_document(spec: MirrorSpec) -> dict[str, object]:
    return {
        "sourceRef": str(spec.source),
        "targetRef": str(spec.target),
        "repositories": [repository_document(wanted) for wanted in spec.repositories],
        "preset": spec.preset.value if spec.preset else None,
        "platforms": list(spec.platforms),
        "copies": spec.copies.value,
        "evidence": spec.has_evidence,
        "schedule": spec.schedule,
        "timeZone": spec.time_zone,
        "immutable": list(spec.immutable),
        "reserve": spec.reserve,
        "backup": spec.backup,
        "gatePolicyRef": str(spec.gate_policy) if spec.gate_policy else None,
        "quarantine": spec.quarantine,
    }


def mirror_document(mirror: Mirror) -> dict[str, object]:
    return {
        "identifier": mirror.identifier,
        "name": mirror.name,
        "description": mirror.description,
        "tags": dict(mirror.tags),
        "orgIdentifier": mirror.scope.org,
        "projectIdentifier": mirror.scope.project,
        "enabled": mirror.is_enabled,
        "spec": spec_document(mirror.spec),
    }


def repository_document(wanted: MirroredRepository) -> dict[str, object]:
    rules = wanted.tags
    texts = {name: list(getattr(rules, attribute)) for name, attribute in _TEXTS.items() if getattr(rules, attribute)}
    numbers = {name: value for name, value in (("semver", rules.semver), ("newest", rules.newest)) if value is not None}
    return {"repository": wanted.repository, "tags": {**texts, **numbers}}
