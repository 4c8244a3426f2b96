"""Whatever a registry says of a password that it has seen, the worker does not repeat it."""

import base64
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from pierhead.protocol.tasks import FailedResult, ListTagsTask, RegistryAccess, TagsResult, TaskFailure
from pierhead.worker.discreet import Discretion

PASSWORD = 'pass "word" / ünïcode'


def _task(password: str = PASSWORD) -> ListTagsTask:
    access = RegistryAccess(connector="c", url="https://r.example.com", username="u", password=SecretStr(password))
    return ListTagsTask(registry=access, repository="a/b", limit=10)


@pytest.mark.parametrize(
    "form",
    [
        PASSWORD,
        quote(PASSWORD, safe=""),
        PASSWORD.encode().hex(),
        base64.b64encode(PASSWORD.encode()).decode(),
        base64.b64encode(f"u:{PASSWORD}".encode()).decode(),
    ],
)
def test_no_form_of_a_password_is_repeated(form: str) -> None:
    failure = TaskFailure(code="denied", category="denied", message=f"the registry said: {form}!", hint=form)
    told = Discretion(_task()).about(FailedResult(error=failure))
    assert told.error.message == "the registry said: ***!"
    assert told.error.hint == "***"


def test_what_holds_no_secret_is_the_same_object() -> None:
    result = TagsResult(name="a/b", tags=("1", "2"), truncated=False)
    assert Discretion(_task()).about(result) is result


def test_a_short_password_does_not_take_words_away() -> None:
    result = TagsResult(name="a/b", tags=("latest",), truncated=False)
    assert Discretion(_task("latest")).about(result).tags == ("latest",)
