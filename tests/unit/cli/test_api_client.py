import pytest

from pierhead.cli.api_client import ApiClient, segment
from pierhead.cli.errors import ApiError, NotPierheadError, exit_code
from pierhead.kit.errors import NotFoundError
from pierhead.kit.limits import BodyTooLargeError
from pierhead.kit.redact import SecretValue


@pytest.fixture
def client(api) -> ApiClient:
    return ApiClient(api, SecretValue("pat.acc.key.secret"), {"accountIdentifier": "acc"})


@pytest.mark.parametrize(
    ("status", "code", "own_code", "expected"),
    [
        (400, "INVALID_REQUEST", "", 2),
        (401, "INVALID_TOKEN", "", 3),
        (403, "NG_ACCESS_DENIED", "", 4),
        (404, "RESOURCE_NOT_FOUND_EXCEPTION", "", 5),
        (400, "CONNECTOR_NOT_FOUND_EXCEPTION", "connector-not-found", 5),
        (400, "INVALID_REQUEST", "connector-exists", 6),
        (400, "ENTITY_REFERENCE_EXCEPTION", "secret-in-use", 6),
        (409, "INVALID_REQUEST", "", 6),
        (413, "INVALID_REQUEST", "", 7),
        (429, "TOO_MANY_REQUESTS", "", 8),
        (400, "UNSUPPORTED_OPERATION_EXCEPTION", "", 9),
        (424, "CONNECTOR_VALIDATION_EXCEPTION", "name-not-resolved", 10),
        (503, "GENERAL_ERROR", "", 10),
        (502, "", "", 11),
        (500, "UNKNOWN_ERROR", "", 1),
        (405, "RESOURCE_NOT_FOUND_EXCEPTION", "", 2),
    ],
)
def test_a_refusal_becomes_the_exit_code_of_what_it_means(api, client, status, code, own_code, expected) -> None:
    api.refuse("GET", "/x", status, code, "no", pierheadCode=own_code)
    with pytest.raises(ApiError) as caught:
        client.call("GET", "/x")
    assert exit_code(caught.value) == expected


def test_a_refusal_keeps_message_hint_and_our_own_code(api, client) -> None:
    api.refuse("GET", "/x", 424, "CONNECTOR_VALIDATION_EXCEPTION", "no name", hint="mend it", pierheadCode="dns")
    with pytest.raises(ApiError) as caught:
        client.call("GET", "/x")
    assert (caught.value.message, caught.value.hint, caught.value.remote_code) == ("no name", "mend it", "dns")


def test_errors_at_fields_are_told_with_their_fields(api, client) -> None:
    errors = [{"fieldId": "connector.identifier", "error": "is a keyword"}, {"fieldId": "x", "error": "already said"}]
    api.refuse("POST", "/x", 400, "INVALID_REQUEST", "already said", errors=errors)
    with pytest.raises(ApiError) as caught:
        client.call("POST", "/x", body={})
    assert caught.value.message == "already said; connector.identifier: is a keyword"


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b"<html>proxy</html>"), (502, b"<html>"), (500, b"{}"), (200, b"{}"), (302, b"[]"), (200, b"")],
)
def test_an_answer_that_is_not_pierheads_is_named_so(api, client, status: int, body: bytes) -> None:
    api.raw("GET", "/x", status, body, "text/html")
    with pytest.raises(NotPierheadError, match="the fake does not answer as Pierhead does"):
        client.call("GET", "/x")


def test_an_endless_answer_is_refused(api, client, monkeypatch) -> None:
    monkeypatch.setattr("pierhead.cli.api_client._ANSWER_CAP_BYTES", 10)
    api.raw("GET", "/x", 200, b"x" * 11)
    with pytest.raises(BodyTooLargeError):
        client.call("GET", "/x")


def test_what_is_absent_is_none_for_find_and_an_error_for_call(api, client) -> None:
    api.refuse("GET", "/x", 404, "RESOURCE_NOT_FOUND_EXCEPTION", "not there")
    assert client.find("/x") is None
    with pytest.raises(ApiError) as caught:
        client.call("GET", "/x")
    assert caught.value.category is NotFoundError


def test_find_passes_on_every_other_refusal(api, client) -> None:
    api.refuse("GET", "/x", 403, "NG_ACCESS_DENIED", "no")
    with pytest.raises(ApiError):
        client.find("/x")


def test_every_call_carries_the_key_and_the_scope(api, client) -> None:
    api.data("POST", "/x", True)
    client.call("POST", "/x", {"infra": "K8", "overridesOnly": False, "left": None, "stage": ["a", "b"]}, {"a": 1})
    asked = api.asked[0]
    assert asked.headers["X-API-KEY"] == "pat.acc.key.secret"
    assert asked.headers["Content-Type"] == "application/json"
    assert asked.query == {
        "accountIdentifier": ["acc"], "infra": ["K8"], "overridesOnly": ["false"], "stage": ["a", "b"]
    }  # fmt: skip


def test_bytes_are_sent_as_yaml(api, client) -> None:
    api.data("POST", "/x", True)
    client.call("POST", "/x", body=b"pipeline: {}")
    assert (api.asked[0].headers["Content-Type"], api.asked[0].body) == ("application/yaml", b"pipeline: {}")


def test_a_stream_gives_its_events_in_order(api, client) -> None:
    api.stream("/events", ("image", {"n": 1}), ("run", {"state": "succeeded"}))
    assert list(client.stream("/events")) == [("image", {"n": 1}), ("run", {"state": "succeeded"})]


def test_a_refused_stream_is_an_error_like_any_other(api, client) -> None:
    api.refuse("GET", "/events", 404, "RESOURCE_NOT_FOUND", "no run")
    with pytest.raises(ApiError, match="no run"):
        list(client.stream("/events"))


def test_a_path_segment_cannot_leave_its_place() -> None:
    assert segment("../a b?c") == "..%2Fa%20b%3Fc"
