"""How bodies are read: strictly, and with a refusal that says where."""

import pytest
from starlette.testclient import TestClient

URL = "/ci/execution-config/update-config?infra=K8"
JSON = {"Content-Type": "application/json"}


def _post(client: TestClient, body: bytes | str, headers: dict[str, str] = JSON) -> tuple[int, dict[str, object]]:
    answer = client.post(URL, content=body, headers=headers)
    assert answer.headers["content-type"] == "application/json"
    return answer.status_code, answer.json()


def test_broken_json_is_refused_with_line_and_column(client: TestClient) -> None:
    status, body = _post(client, '[\n{\n"field": "gitCloneTag",\n"value": "harness/drone-git:1.0.9-rootless\n},')
    assert status == 400
    assert "line 4, column 43: the text does not end on its line; a closing quote is missing" in str(body["message"])
    assert body["pierheadCode"] == "malformed-json"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'[{"field": "a", "field": "b"}]', "'field' occurs twice"),
        (b'[{"field": NaN}]', "NaN"),
        (b'[{"field": Infinity}]', "Infinity"),
        (b"[" * 100_000, "nested deeper"),
        (b"\xff\xfe[]", "not UTF-8"),
        (b"\xef\xbb\xbf[]", "BOM"),
        (b'[{"field": "\\ud800"}]', "surrogate"),
        (b'[{"field": "a\\u0000b"}]', "NUL"),
        (b"[" + b"9" * 5000 + b"]", "not valid JSON"),
    ],
)
def test_json_that_others_would_read_differently_is_refused(client: TestClient, body: bytes, said: str) -> None:
    status, answer = _post(client, body)
    assert status == 400
    assert said in str(answer["message"])


def test_an_escaped_backslash_before_ud_is_no_surrogate(client: TestClient) -> None:
    status, answer = _post(client, b'[{"field": "gitCloneTag", "value": "a\\\\ud800"}]')
    assert status == 200  # a text like any other, if not the name of an image
    assert "surrogate" not in str(answer)


@pytest.mark.parametrize(
    "given", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_another_content_type_is_refused_with_what_to_add(client: TestClient, given: str | None) -> None:
    headers = {} if given is None else {"Content-Type": given}
    status, answer = _post(client, b"[]", headers)
    assert status == 415
    assert answer["code"] == "MEDIA_NOT_SUPPORTED"
    assert "--header 'Content-Type: application/json'" in str(answer["hint"])


@pytest.mark.parametrize(
    "given", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json"]
)
def test_json_types_are_taken_in_every_spelling(client: TestClient, given: str) -> None:
    status, answer = _post(client, b"[]", {"Content-Type": given})
    assert (status, answer.get("data")) == (200, True)


def test_a_missing_body_is_refused_with_the_likely_reason(client: TestClient) -> None:
    status, answer = _post(client, b"", JSON)
    assert status == 400
    assert "no body" in str(answer["message"])
    assert "backslash" in str(answer["hint"])


def test_wrong_fields_are_named_in_the_failure_envelope(client: TestClient) -> None:
    status, answer = _post(client, b'[{"value": "a"}, {"field": 5}, "x"]')
    assert status == 400
    assert (answer["status"], answer["code"]) == ("FAILURE", "INVALID_REQUEST")
    assert answer["errors"] == [
        {"fieldId": "0.field", "error": "is required"},
        {"fieldId": "1.field", "error": "must be a text"},
        {"fieldId": "2", "error": "must be an object"},
    ]
    assert answer["message"] == "0.field: is required, 1.field: must be a text, 2: must be an object"


def test_an_object_where_a_list_is_expected_is_refused_clearly(client: TestClient) -> None:
    status, answer = _post(client, b'{"fields": []}')
    assert (status, answer["message"]) == (400, "must be a list")


def test_unknown_fields_of_the_references_clients_are_passed_over(client: TestClient) -> None:
    body = b'[{"field": "gitCloneTag", "value": "harness/drone-git:1", "uuid": "x"}]'
    assert _post(client, body)[0] == 200


def test_unknown_fields_of_our_own_bodies_are_refused(client: TestClient) -> None:
    answer = client.post("/pierhead/v1/connectors/preview", json={"url": "https://a.example", "provider": "Other"})
    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"fieldId": "provider", "error": "is not a field that is known here"}]


def test_a_query_that_makes_no_sense_is_refused_by_its_name(client: TestClient) -> None:
    answer = client.get("/ng/api/connectors?pageSize=0&pageIndex=-1&includeAllConnectorsAvailableAtScope=maybe")
    assert answer.status_code == 400
    assert {error["fieldId"] for error in answer.json()["errors"]} == {
        "pageSize",
        "pageIndex",
        "includeAllConnectorsAvailableAtScope",
    }


@pytest.mark.parametrize("value", ["1" * 30, "1" * 5000, "1.5", "a", "%00", "١"])
def test_page_numbers_of_any_kind_are_no_crash(client: TestClient, value: str) -> None:
    assert client.get(f"/ng/api/connectors?pageIndex={value}").status_code in (200, 400)
