import pytest

from pierhead.control.catalogue import (
    Catalogue,
    CatalogueService,
    Infra,
    InvalidImageValueError,
    UnknownFieldError,
    UnknownLineError,
    UnusablePinError,
    choose_version,
    warning_about,
)
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import MemoryStore

ADDON, GIT, S3 = "addonTag", "gitCloneTag", "s3UploadTag"


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def catalogue(store: MemoryStore) -> CatalogueService:
    return CatalogueService(store, FakeClock())


def test_one_unknown_field_refuses_the_whole_list(catalogue: CatalogueService) -> None:
    changes = [(ADDON, "harness/ci-addon:1.16.90"), ("nope", "x:1"), ("addonTags", "x:1")]
    with pytest.raises(UnknownFieldError) as refusal:
        catalogue.update_config("acc", Infra.K8, changes, "ann")
    assert refusal.value.message == (
        "Field nope does not exist for infra type: K8, Field addonTags does not exist for infra type: K8"
    )
    assert refusal.value.fields == ("nope", "addonTags")
    assert catalogue.customer_config("acc", Infra.K8) == {}


def test_a_field_of_the_other_infrastructure_is_unknown(catalogue: CatalogueService) -> None:
    with pytest.raises(UnknownFieldError, match=r"^Field addonTag does not exist for infra type: VM$"):
        catalogue.update_config("acc", Infra.VM, [(ADDON, "harness/ci-addon:1")], "ann")
    with pytest.raises(UnknownFieldError):
        catalogue.reset_config("acc", Infra.VM, [ADDON])


@pytest.mark.parametrize("value", ["", "  ", "\n", "x\ny", "\x1b[1m", "x" * 513])
def test_a_value_that_is_no_text_refuses_the_whole_list(catalogue: CatalogueService, value: str) -> None:
    changes = [(GIT, "harness/drone-git:1.6.0"), (ADDON, value)]
    with pytest.raises(InvalidImageValueError) as refusal:
        catalogue.update_config("acc", Infra.K8, changes, "ann")
    assert refusal.value.message.startswith("Field addonTag cannot be set to ")
    assert refusal.value.field == ADDON
    assert catalogue.customer_config("acc", Infra.K8) == {}


def test_a_release_line_that_is_not_there_is_refused_at_once(store: MemoryStore) -> None:
    with pytest.raises(UnknownLineError):
        CatalogueService(store, FakeClock(), line="0.1")


def test_without_overrides_the_answer_is_empty_and_the_whole_is_the_defaults(catalogue: CatalogueService) -> None:
    for infra in Infra:
        assert catalogue.customer_config("acc", infra) == {}
        assert catalogue.customer_config("acc", infra, overrides_only=False) == catalogue.default_config(infra)


def test_a_pin_shows_in_both_views_and_on_its_infrastructure_only(catalogue: CatalogueService) -> None:
    catalogue.update_config("acc", Infra.K8, [(GIT, " harness/drone-git:1.0.9-rootless ")], "ann")
    assert catalogue.customer_config("acc", Infra.K8) == {GIT: "harness/drone-git:1.0.9-rootless"}
    whole = catalogue.customer_config("acc", Infra.K8, overrides_only=False)
    assert whole == {**catalogue.default_config(Infra.K8), GIT: "harness/drone-git:1.0.9-rootless"}
    assert catalogue.customer_config("acc", Infra.VM) == {}
    assert catalogue.customer_config("other", Infra.K8) == {}
    assert catalogue.default_config(Infra.K8)[GIT] == "harness/drone-git:1.6.9-rootless"


@pytest.mark.parametrize(
    "value",
    [
        "harness/ci-lite-engine:TeethyTiger",
        "my.registry:5000/p/harness/ci-addon",
        f"x@sha256:{'a' * 64}",
        "updatedTmpNow",
        "https://x/y",
        "a b",
        "x:",
    ],
)
def test_any_text_may_be_pinned_as_the_reference_has_it(catalogue: CatalogueService, value: str) -> None:
    catalogue.update_config("acc", Infra.K8, [(ADDON, value)], "ann")
    assert catalogue.customer_config("acc", Infra.K8) == {ADDON: value}


def test_who_pinned_and_when_is_kept(catalogue: CatalogueService) -> None:
    catalogue.update_config("acc", Infra.K8, [(S3, "plugins/s3:1"), (ADDON, "x:1")], "ann")
    addon, s3 = catalogue.pins("acc", Infra.K8)
    assert (addon.field, s3.field) == (ADDON, S3)
    assert (s3.updated_by, s3.updated_at) == ("ann", FakeClock().now())


def test_a_change_without_a_value_clears(catalogue: CatalogueService) -> None:
    catalogue.update_config("acc", Infra.K8, [(S3, "plugins/s3:1"), (GIT, "x:1")], "ann")
    catalogue.update_config("acc", Infra.K8, [(S3, None), (ADDON, None)], "ann")
    assert catalogue.customer_config("acc", Infra.K8) == {GIT: "x:1"}


def test_the_last_change_of_a_field_counts(catalogue: CatalogueService) -> None:
    catalogue.update_config("acc", Infra.K8, [(S3, "x:1"), (S3, "x:2"), (GIT, "x:1"), (GIT, None)], "ann")
    assert catalogue.customer_config("acc", Infra.K8) == {S3: "x:2"}


def test_a_reset_gives_the_default_back_and_needs_no_pin(catalogue: CatalogueService) -> None:
    catalogue.update_config("acc", Infra.K8, [(S3, "plugins/s3:1"), (GIT, "x:1")], "ann")
    catalogue.reset_config("acc", Infra.K8, [S3, ADDON])
    assert catalogue.customer_config("acc", Infra.K8) == {GIT: "x:1"}


def test_an_unknown_field_refuses_the_whole_reset(catalogue: CatalogueService) -> None:
    catalogue.update_config("acc", Infra.K8, [(S3, "plugins/s3:1")], "ann")
    with pytest.raises(UnknownFieldError):
        catalogue.reset_config("acc", Infra.K8, [S3, "nope"])
    assert catalogue.customer_config("acc", Infra.K8) == {S3: "plugins/s3:1"}


def test_everything_is_reset_for_one_account_alone(catalogue: CatalogueService) -> None:
    for account in ("acc", "other"):
        catalogue.update_config(account, Infra.K8, [(S3, "x:1")], "ann")
        catalogue.update_config(account, Infra.VM, [(S3, "x:1")], "ann")
    catalogue.reset_all("acc")
    assert catalogue.customer_config("acc", Infra.K8) == catalogue.customer_config("acc", Infra.VM) == {}
    assert catalogue.customer_config("other", Infra.VM) == {S3: "x:1"}


def test_deprecated_pins_are_those_of_the_core_images(catalogue: CatalogueService) -> None:
    old = [
        (ADDON, "harness/ci-addon:1.2.0"),
        ("liteEngineTag", "harness/ci-lite-engine:1.15.0"),
        (S3, "plugins/s3:0.1.0"),
    ]
    catalogue.update_config("acc", Infra.K8, old, "ann")
    assert [pin.field for pin in catalogue.deprecated_config("acc")] == [ADDON]
    assert catalogue.deprecated_config("other") == ()


def test_a_service_may_stay_on_an_older_line(store: MemoryStore) -> None:
    service = CatalogueService(store, FakeClock(), Catalogue.load(), line="1.14")
    assert service.default_config(Infra.K8)[ADDON] == "harness/ci-addon:1.14.4"
    assert len(service.default_config(Infra.K8)) == 12


def test_a_pin_that_is_no_image_is_warned_of_and_fails_where_it_is_used(catalogue: CatalogueService) -> None:
    catalogue.update_config("acc", Infra.K8, [(ADDON, "updatedTmpNow")], "ann")
    warning = warning_about(ADDON, "updatedTmpNow")
    assert warning is not None
    assert warning.code == "unusable-pin"
    assert warning_about(ADDON, "harness/ci-addon:1") is None
    pins = catalogue.pins("acc", Infra.K8)
    with pytest.raises(UnusablePinError, match="the account pins addonTag to 'updatedTmpNow', which is no image"):
        choose_version(ADDON, Infra.K8, pins, catalogue.catalogue)
