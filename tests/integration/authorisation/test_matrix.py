"""Every operation of the OpenAPI document, by everybody who may come: allowed, refused or not there, as the rule says.

Nobody learns of a thing that he may not see whether it is there, and nothing changes where nobody may change it.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi.routing import APIRoute

from pierhead.server.api.permissions import RULES
from pierhead.server.api.routers import ROUTERS
from pierhead.server.api.rules import At

from .cases import Answer, Expected, Kind, Operation, Place, Sample, expected, nobody, told, twin
from .samples import SAMPLES
from .world import MARK_A, MARK_ABOVE, MARK_B, B, Somebody, World, rows

PEOPLE = (
    "anonymous",
    "viewer of a",
    "editor of a",
    "admin of a",
    "viewer of b",
    "editor of b",
    "admin of b",
    "admin of another account, calling this one",
    "admin of another account, calling their own",
    "delegate",
    "revoked",
    "expired",
    "admin of the account",
)


def _is_of_project(sample: Sample) -> bool:
    return sample.at is Place.PROJECT and sample.asked_at is None and "$project" not in repr(sample)


def operations() -> Iterator[Operation]:
    """All that are served, those that the document leaves out among them."""
    for route in [route for router in ROUTERS for route in router.routes]:
        assert isinstance(route, APIRoute)
        [method] = route.methods
        yield Operation(str(route.operation_id), method, route.path.replace(":path}", "}"))


BY_ID = {operation.id: operation for operation in operations()}


def test_every_operation_has_a_sample_and_every_sample_an_operation(world: World) -> None:
    document = world.client.app.openapi()  # type: ignore[attr-defined]
    named = {operation["operationId"] for methods in document["paths"].values() for operation in methods.values()}
    assert set(BY_ID) == set(SAMPLES), "samples.py has one good request for each operation"
    assert named <= set(BY_ID) <= set(RULES)


def test_the_twelve_are_there(world: World) -> None:
    assert set(world.people) == set(PEOPLE)


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("operation_id", sorted(SAMPLES))
def test_the_rule_is_obeyed(world: World, operation_id: str, who: str) -> None:
    operation, sample, person = BY_ID[operation_id], SAMPLES[operation_id], world.people[who]
    wanted = expected(world, operation_id, sample, person)
    before = rows(world.tables())
    answer = operation.ask(world, person, sample, world.ids)
    assert answer.status < 500, answer.text
    _CHECKS[wanted.kind](world, operation, sample, person, answer, wanted)
    after = rows(world.tables())
    if answer.status >= 400:
        assert after == before, "a call that was refused changed something"
    elsewhere = (MARK_B, world.account) if wanted.kind is Kind.ELSEWHERE else (MARK_B, world.other_account)
    if not sample.is_of_all_accounts:
        _same(before, after, elsewhere)
    if " of b" in who or wanted.kind in (Kind.ELSEWHERE, Kind.UNKNOWN):
        _tells_nothing(world, sample, answer)


_SCOPED = sorted(name for name in SAMPLES if RULES[name].at in (At.SCOPE, At.LIST) and _is_of_project(SAMPLES[name]))


@pytest.mark.parametrize("place", [Place.ACCOUNT, Place.ORG])
@pytest.mark.parametrize("who", ["viewer of a", "editor of a", "admin of a"])
@pytest.mark.parametrize("operation_id", _SCOPED)
def test_rights_in_a_project_are_none_in_the_places_that_hold_it(
    world: World, operation_id: str, who: str, place: Place
) -> None:
    operation, person = BY_ID[operation_id], world.people[who]
    sample = replace(SAMPLES[operation_id], at=place)
    wanted, before = expected(world, operation_id, sample, person), rows(world.tables())
    answer = operation.ask(world, person, sample, world.ids)
    if wanted.kind is Kind.ALLOWED:
        assert RULES[operation_id].at is At.LIST
        assert MARK_ABOVE not in answer.text
    else:
        _CHECKS[wanted.kind](world, operation, sample, person, answer, wanted)
    assert rows(world.tables()) == before


@pytest.mark.parametrize("operation_id", sorted(SAMPLES))
def test_the_second_spelling_of_a_path_is_no_way_around_a_rule(world: World, operation_id: str) -> None:
    operation, sample, person = BY_ID[operation_id], SAMPLES[operation_id], world.people["viewer of b"]
    plain = operation.ask(world, person, sample, world.ids)
    world.rewind()
    prefixed = operation.ask(world, person, sample, world.ids, prefix="/gateway")
    assert prefixed.status == plain.status
    assert (prefixed.document or {}).get("code") == (plain.document or {}).get("code")


@pytest.mark.parametrize("operation_id", sorted(name for name in SAMPLES if "$project" in repr(SAMPLES[name].body)))
def test_a_body_names_no_other_place_than_the_one_that_was_asked_about(world: World, operation_id: str) -> None:
    operation, sample, person = BY_ID[operation_id], SAMPLES[operation_id], world.people["admin of b"]
    before = rows(world.tables(), (MARK_A,))
    answer = operation.ask(world, person, sample, world.ids, project=B)
    if RULES[operation_id].at is At.LIST:
        _tells_nothing(world, sample, answer)
    else:
        assert 400 <= answer.status < 500, answer.text
    assert rows(world.tables(), (MARK_A,)) == before


def _same(before: dict[str, object], after: dict[str, object], texts: tuple[str, ...]) -> None:
    def kept(found: dict[str, object]) -> dict[str, object]:
        return {key: row for key, row in found.items() if any(text in key + repr(row) for text in texts)}

    assert kept(after) == kept(before), "a call reached into another tenant"


def _tells_nothing(world: World, sample: Sample, answer: Answer) -> None:
    """What the request said itself may be repeated."""
    said = [world.ids[kind] for kind in world.ids if f"${kind}" in repr(sample) or kind == "project"]
    text = answer.text
    for each in sorted(said, key=len, reverse=True):
        text = text.replace(each, "")
    assert MARK_A not in text.replace("mark_a_new", "").replace("mark_a_demo", ""), answer.text


def _is_allowed(
    world: World, operation: Operation, sample: Sample, who: Somebody, answer: Answer, wanted: Expected
) -> None:
    is_maker = who.name == "admin of the account" or sample.status_of_others is None
    assert answer.status == (sample.status if is_maker else sample.status_of_others), answer.text


def _code(answer: Answer) -> str:
    """The reference's code, or that of the registry protocol."""
    code: str = answer.document["code"] if "code" in answer.document else answer.document["errors"][0]["code"]
    return code


def _is_unknown(
    world: World, operation: Operation, sample: Sample, who: Somebody, answer: Answer, wanted: Expected
) -> None:
    assert answer.status == 401, answer.text
    assert _code(answer) in ("INVALID_TOKEN", "UNAUTHORIZED")


def _is_denied(
    world: World, operation: Operation, sample: Sample, who: Somebody, answer: Answer, wanted: Expected
) -> None:
    assert answer.status == 403, answer.text
    if "failedPermissionChecks" not in answer.document:
        assert (operation.id, _code(answer)) == (
            "listRegistryTags",
            "DENIED",
        )  # the registry protocol has its own words
        return
    [check] = answer.document["failedPermissionChecks"]
    assert check["permission"] == wanted.permission
    assert check["resourceScope"]["accountIdentifier"] == world.account


def _is_as_absent(
    world: World, operation: Operation, sample: Sample, who: Somebody, answer: Answer, wanted: Expected
) -> None:
    ids = twin(world.ids, sample.about)
    absent = operation.ask(world, who, sample, ids)
    identifier = world.ids[sample.about]
    assert answer.status in (400, 404), answer.text
    assert told(answer, identifier) == told(absent, identifier)
    assert answer.work == absent.work, "it takes other work to find that it is there"


def _is_nowhere(
    world: World, operation: Operation, sample: Sample, who: Somebody, answer: Answer, wanted: Expected
) -> None:
    project = world.ids["project"]
    absent = operation.ask(world, who, sample, world.ids, project=nobody(project))
    assert (answer.status, answer.document["pierheadCode"]) == (404, "place-missing"), answer.text
    assert told(answer, project) == told(absent, project)
    assert answer.work == absent.work, "it takes other work to find that it is there"


def _is_elsewhere(
    world: World, operation: Operation, sample: Sample, who: Somebody, answer: Answer, wanted: Expected
) -> None:
    if sample.about:
        absent = operation.ask(world, who, sample, twin(world.ids, sample.about))
        identifier = world.ids[sample.about]
        assert told(answer, identifier) == told(absent, identifier)
        assert answer.work == absent.work


_CHECKS = {
    Kind.ALLOWED: _is_allowed,
    Kind.UNKNOWN: _is_unknown,
    Kind.DENIED: _is_denied,
    Kind.ABSENT: _is_as_absent,
    Kind.NOWHERE: _is_nowhere,
    Kind.ELSEWHERE: _is_elsewhere,
}
