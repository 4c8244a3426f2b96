"""What a client is told of a database that is away: that it is, and when to ask again."""

from pierhead.adapters.sql import StoreDamagedError, StoreUnavailableError
from pierhead.server.api.errors import headers_for, verdict_on


def test_a_database_that_does_not_answer_is_a_503_to_be_tried_again() -> None:
    error = StoreUnavailableError("there is no connection", detail="connection to 10.0.0.1 failed")
    verdict = verdict_on(error)
    assert verdict.http_status == 503
    assert 1 <= int(headers_for(error, verdict)["Retry-After"]) <= 5
    assert "10.0.0.1" not in error.message + error.hint


def test_what_does_not_mend_itself_is_not_to_be_tried_again() -> None:
    error = StoreDamagedError("it holds other tables")
    assert "Retry-After" not in headers_for(error, verdict_on(error))
