"""What a mirror may say, and when it runs."""

import re
from datetime import UTC, datetime

import pytest

from pierhead.control.mirroring import InvalidMirrorError, MirroredRepository, MirrorSpec, backup_tag, next_run
from pierhead.control.scopes import ScopedReference
from pierhead.oci.tag_selection import InvalidTagRuleError, TagRules

HUB, OWN = ScopedReference.parse("account.hub"), ScopedReference.parse("account.own")


def patterned(name: str, count: int) -> MirroredRepository:
    return MirroredRepository(name, TagRules(regexes=tuple(f"{n}" for n in range(count))))


def naming(name: str, count: int) -> MirroredRepository:
    return MirroredRepository(name, TagRules(exact=tuple(f"{n}" for n in range(count))))


APP = MirroredRepository("team/app", TagRules(exact=("1",)))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"repositories": ()}, "nothing is mirrored"),
        ({"target": HUB}, "is the source as well"),
        ({"repositories": (APP, APP)}, "team/app stands there twice"),
        ({"repositories": (MirroredRepository("Team/App", TagRules(newest=1)),)}, "capital letters"),
        ({"repositories": (MirroredRepository("app", TagRules()),)}, "no rule for its tags"),
        ({"repositories": (MirroredRepository("app", TagRules(exact=("a b",))),)}, "app:a b has a tag"),
        ({"repositories": tuple(patterned(f"p{n}", 50) for n in range(5))}, "250 patterns for tags together"),
        ({"repositories": (naming("a", 3000), naming("b", 2001))}, "name 5001 tags together"),
        ({"platforms": ("linux/amd64", "linux/arm64")}, "a whole index has all of them"),
        ({"schedule": "often"}, "no cron expression"),
        ({"schedule": "0 0 30 2 *"}, "no cron expression"),
        ({"schedule": "0 3 * * *", "time_zone": "Mars/Olympus"}, "no time zone"),
        ({"schedule": "0 3 * * *", "time_zone": "../etc/passwd"}, "no time zone"),
        ({"backup": "before"}, "makes no tag"),
        ({"backup": "{tag} {date}"}, "makes no tag"),
        ({"reserve": -1}, "number of pulls"),
    ],
)
def test_a_mirror_that_makes_no_sense_is_refused_in_words(settings: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidMirrorError) as caught:
        MirrorSpec(**{"source": HUB, "target": OWN, "repositories": (APP,), **settings})  # type: ignore[arg-type]
    assert words in caught.value.message


def test_patterns_are_read_when_a_mirror_comes_in_and_not_when_it_is_made_of_a_row() -> None:
    spec = MirrorSpec(HUB, OWN, (MirroredRepository("app", TagRules(regexes=("(",))),))
    with pytest.raises(InvalidTagRuleError, match=re.escape("regex '('")):
        spec.check_tags()


def test_a_schedule_is_read_in_its_time_zone() -> None:
    after = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
    assert next_run("30 3 * * *", "Europe/Berlin", after) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert next_run("30 3 * * *", "UTC", after) == datetime(2026, 3, 29, 3, 30, tzinfo=UTC)


def test_what_is_written_over_is_kept_under_a_tag_of_its_own() -> None:
    at = datetime(2026, 3, 28, tzinfo=UTC)
    assert backup_tag("{tag}-before-{date}", "1.2", at) == "1.2-before-20260328"
    assert len(backup_tag("{tag}-before-{date}", "x" * 128, at)) == 128
