"""The command lines that the platform's readers paste, with host, account and key replaced and nothing else."""

from pathlib import Path
from typing import Any

import pytest

from pierhead.control.catalogue import Infra

CATALOG, DEFAULT, CUSTOMER, UPDATE, RESET = (
    (Path(__file__).parent / "seed_curl_lines.txt").read_text().strip().split("\n\n")
)
BOTH_FORMS = pytest.mark.parametrize("is_bare", [False, True], ids=["gateway", "bare"])


def in_form(command: str, *, is_bare: bool) -> str:
    """The same line without ``/gateway``, or with it where the line has none."""
    if is_bare:
        return command.replace("/gateway/", "/")
    return command if "/gateway/" in command else command.replace("harness.io/", "harness.io/gateway/")


def joined(command: str) -> str:
    """With the backslash that the line lacks at its end."""
    return command.replace("\n--data-raw", " \\\n--data-raw")


@BOTH_FORMS
def test_the_catalogue_line_lists_the_images(server: Any, is_bare: bool) -> None:
    answer = server.shell(server.ready(in_form(CATALOG, is_bare=is_bare)))
    assert set(answer) == {"repositories"}
    assert {"harness/ci-addon", "harness/ci-lite-engine", "harness/drone-git"} <= set(answer["repositories"])


@BOTH_FORMS
def test_the_default_config_line_answers_with_every_field(server: Any, is_bare: bool) -> None:
    answer = server.shell(server.ready(in_form(DEFAULT, is_bare=is_bare)))
    assert list(answer) == ["status", "data", "metaData", "correlationId"]
    assert (answer["status"], answer["metaData"]) == ("SUCCESS", None)
    assert {"addonTag", "liteEngineTag", "gitCloneTag", "securityTag"} <= set(answer["data"])
    assert answer["data"]["addonTag"].startswith("harness/ci-addon:")


@BOTH_FORMS
def test_the_customer_config_line_answers_with_an_empty_object(server: Any, is_bare: bool) -> None:
    answer = server.shell(server.ready(in_form(CUSTOMER, is_bare=is_bare)))
    assert (answer["status"], answer["data"]) == ("SUCCESS", {})


@BOTH_FORMS
@pytest.mark.parametrize("command", [UPDATE, RESET], ids=["update", "reset"])
def test_a_line_that_lost_its_body_is_told_so(server: Any, command: str, is_bare: bool) -> None:
    answer = server.shell(server.ready(in_form(command, is_bare=is_bare)))
    assert (answer["status"], answer["code"]) == ("ERROR", "INVALID_REQUEST")
    assert "no body" in answer["message"]
    assert "backslash" in answer["hint"]


@BOTH_FORMS
def test_the_broken_update_line_is_refused_with_line_and_column(server: Any, is_bare: bool) -> None:
    command = server.ready(joined(in_form(UPDATE, is_bare=is_bare)))
    answer = server.shell(command)
    assert (answer["status"], answer["code"]) == ("ERROR", "INVALID_REQUEST")
    assert "line 4, column 43" in answer["message"]
    assert server.shell(f"{command} --output /dev/null --write-out '%{{http_code}}'") == 400
    assert server.application.catalogue.customer_config(server.application.account.id, Infra.K8) == {}


@BOTH_FORMS
def test_the_mended_update_line_overrides_and_the_reset_line_takes_it_back(server: Any, is_bare: bool) -> None:
    mended = UPDATE.replace("1.0.9-rootless\n", '1.0.9-rootless"\n')
    updated = server.shell(server.ready(joined(in_form(mended, is_bare=is_bare))))
    assert (updated["status"], updated["data"]) == ("SUCCESS", True)
    customer = server.shell(server.ready(CUSTOMER))
    assert customer["data"] == {"gcsUploadTag": "plugins/gcs:1.3.0", "gitCloneTag": "harness/drone-git:1.0.9-rootless"}
    reset = server.shell(server.ready(joined(in_form(RESET, is_bare=is_bare))))
    assert (reset["status"], reset["data"]) == ("SUCCESS", True)
    assert server.shell(server.ready(CUSTOMER))["data"] == {}


def test_a_bearer_token_works_in_place_of_the_key(server: Any) -> None:
    answer = server.shell(server.ready(DEFAULT).replace("X-API-KEY: ", "Authorization: Bearer "))
    assert answer["status"] == "SUCCESS"


def test_the_line_with_the_key_left_as_a_variable_is_told_why(server: Any) -> None:
    answer = server.shell(DEFAULT.replace("https://app.harness.io", server.url))
    assert answer["code"] == "INVALID_TOKEN"
    assert "double quotes" in answer["hint"]


def test_data_without_its_content_type_is_told_what_to_add(server: Any) -> None:
    command = joined(RESET).replace(" --header 'Content-Type: application/json'", "")
    answer = server.shell(server.ready(command))
    assert answer["code"] == "MEDIA_NOT_SUPPORTED"
    assert "Content-Type: application/json" in answer["hint"]
