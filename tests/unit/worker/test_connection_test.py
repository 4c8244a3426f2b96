"""A connector tried step by step: the step that fails is named, with evidence and advice; it never raises."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from pierhead.kit.redact import SecretValue
from pierhead.registry.endpoint import Endpoint, ProxySettings, TlsSettings, UsernamePassword
from pierhead.registry.transport import Transport
from pierhead.testing.clock import FakeClock
from pierhead.testing.fake_registry import BasicLogin, FakeRegistry, Scripted, TokenLogin
from pierhead.testing.images import image
from pierhead.worker.cancel import CancelToken
from pierhead.worker.connection_test import StepOutcome, run_connection_test

ALL = [
    "name resolution",
    "TCP connection",
    "TLS",
    "/v2/",
    "challenge",
    "token",
    "pull right",
    "list right",
    "credential scope",
    "rate limit",
    "clock skew",
]
ROBOT = UsernamePassword("robot", SecretValue("right-password"))
WRONG = UsernamePassword("robot", SecretValue("wrong-password"))


@pytest.fixture
def transport():
    with Transport() as transport:
        yield transport


def endpoint(fake: FakeRegistry, **more) -> Endpoint:
    return Endpoint.for_url(fake.url, connector="account.test", **more)


def outcomes(report) -> dict[str, str]:
    return {step.name: step.outcome.value for step in report.steps}


def failed(report):
    (step,) = [step for step in report.steps if step.outcome is StepOutcome.FAILED]
    return step


def ends_at(report, name: str) -> None:
    """That step failed, what came before did not, and what depends on it was not tried."""
    assert failed(report).name == name
    assert [step.name for step in report.steps] == ALL
    later = report.steps[ALL.index(name) + 1 :]
    assert all(step.outcome is not StepOutcome.FAILED for step in later)
    assert failed(report).advice
    assert report.error.hint == failed(report).advice


def test_a_name_that_does_not_exist_ends_the_test(transport):
    report = run_connection_test(Endpoint.for_url("https://no-such-registry.invalid"), transport)
    ends_at(report, "name resolution")
    assert "no-such-registry.invalid" in failed(report).advice
    assert {step.outcome.value for step in report.steps[1:]} == {"skipped"}


def test_an_address_that_is_refused_is_not_even_tried(transport):
    report = run_connection_test(Endpoint.for_url("http://169.254.169.254"), transport)
    ends_at(report, "name resolution")
    assert report.error.code == "address-refused"


def test_a_port_where_nobody_listens_ends_the_test(transport, fake):
    target = endpoint(fake)
    fake.stop()
    report = run_connection_test(target, transport)
    ends_at(report, "TCP connection")
    assert outcomes(report)["name resolution"] == "ok"


def test_a_registry_that_speaks_no_tls_is_found_out(transport, fake):
    report = run_connection_test(Endpoint.for_url(f"https://{fake.host}"), transport)
    ends_at(report, "TLS")


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


def server_context(authority):
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_a_certificate_of_an_unknown_authority_ends_the_test(transport, authority):
    with FakeRegistry(tls=server_context(authority)) as fake:
        report = run_connection_test(endpoint(fake), transport)
    ends_at(report, "TLS")
    assert "certificate of the authority" in failed(report).advice
    assert "account.test" in failed(report).advice


def test_a_certificate_of_the_connectors_authority_is_described(transport, authority):
    tls = TlsSettings(ca_pem=authority.cert_pem.bytes().decode())
    with FakeRegistry(tls=server_context(authority)) as fake:
        report = run_connection_test(endpoint(fake, tls=tls), transport)
    assert report.is_success
    (step,) = [step for step in report.steps if step.name == "TLS"]
    assert "TLSv1.3" in step.evidence
    assert "trustme" in step.evidence


@pytest.mark.parametrize("status", [404, 500, 302])
def test_what_is_no_registry_is_found_out(transport, fake, status):
    fake.faults.script(Scripted("GET", "/v2/", status, b"<html>", times=100))
    fake.faults.script(Scripted("GET", "/v1/_ping", 404, times=100))
    transport = Transport(FakeClock())
    report = run_connection_test(endpoint(fake), transport)
    ends_at(report, "/v2/")


@pytest.mark.parametrize("login", [BasicLogin({"robot": "right-password"}), TokenLogin({"robot": "right-password"})])
def test_wrong_credentials_end_the_test_at_the_login(transport, login):
    with FakeRegistry(login) as fake:
        report = run_connection_test(endpoint(fake, credential=WRONG), transport)
    ends_at(report, "token")
    assert outcomes(report)["/v2/"] == outcomes(report)["challenge"] == "ok"
    assert "wrong-password" not in repr(report)
    assert "connector account.test" in failed(report).advice


def test_a_realm_elsewhere_ends_the_test_at_the_challenge(transport, fake):
    challenge = {"WWW-Authenticate": 'Bearer realm="http://127.0.0.2:9/token",service="x"'}
    fake.faults.script(Scripted("GET", "/v2/", 401, headers=challenge, times=100))
    report = run_connection_test(endpoint(fake, credential=ROBOT), transport)
    ends_at(report, "challenge")
    assert "trustedRealmHosts" in failed(report).advice


def test_a_registry_with_basic_login_is_closed_to_the_anonymous(transport):
    with FakeRegistry(BasicLogin({"robot": "right-password"})) as fake:
        report = run_connection_test(endpoint(fake), transport)
    ends_at(report, "token")
    assert report.error.category == "unauthenticated"


def test_an_image_that_may_not_be_pulled_ends_the_test_there(transport, fake):
    report = run_connection_test(endpoint(fake), transport, [f"{fake.host}/team/none:1"])
    ends_at(report, "pull right")
    assert report.error.code == "manifest-unknown"
    assert outcomes(report)["rate limit"] == "ok"


def test_an_image_name_that_is_none_is_a_failure_of_its_step(transport, fake):
    ends_at(run_connection_test(endpoint(fake), transport, ["NOT A NAME"]), "pull right")


def test_a_fault_of_our_own_is_a_failed_step(transport, fake, monkeypatch):
    monkeypatch.setattr("pierhead.registry.client.RegistryClient.probe", lambda self: 1 / 0)
    report = run_connection_test(endpoint(fake), transport)
    ends_at(report, "/v2/")
    assert report.error.code == "unexpected-failure"


def test_a_cancelled_test_ends(transport, fake):
    cancel = CancelToken()
    cancel.cancel()
    assert not run_connection_test(endpoint(fake), transport, cancel=cancel).is_success


def test_an_open_registry_passes_every_step(transport, fake, base):
    fake.add("team/tool", "1", image([base]))
    report = run_connection_test(endpoint(fake), transport, [f"{fake.host}/team/tool:1"])
    assert report.is_success
    assert outcomes(report) == {
        "name resolution": "ok",
        "TCP connection": "ok",
        "TLS": "skipped",
        "/v2/": "ok",
        "challenge": "ok",
        "token": "skipped",
        "pull right": "ok",
        "list right": "ok",
        "credential scope": "skipped",
        "rate limit": "ok",
        "clock skew": "ok",
    }


def test_without_an_image_the_right_to_pull_stays_open(transport, fake):
    report = run_connection_test(endpoint(fake), transport)
    assert report.is_success
    assert outcomes(report)["pull right"] == "skipped"


@pytest.mark.parametrize("login", [BasicLogin({"robot": "right-password"}), TokenLogin({"robot": "right-password"})])
def test_right_credentials_pass_and_plain_http_is_warned_of(transport, login, base):
    with FakeRegistry(login) as fake:
        fake.add("team/tool", "1", image([base]))
        report = run_connection_test(endpoint(fake, credential=ROBOT), transport, [f"{fake.host}/team/tool:1"])
    assert report.is_success
    assert (outcomes(report)["token"], outcomes(report)["pull right"]) == ("ok", "ok")
    assert outcomes(report)["TLS"] == "warning"


def test_credentials_that_nobody_asked_for_are_warned_of(transport, fake):
    report = run_connection_test(endpoint(fake, credential=ROBOT), transport)
    assert outcomes(report)["token"] == "warning"


def test_a_rate_limit_that_is_nearly_used_up_is_warned_of(transport, base):
    with FakeRegistry(rate_limit=5) as fake:
        fake.add("team/tool", "1", image([base]))
        report = run_connection_test(endpoint(fake), transport, [f"{fake.host}/team/tool:1"])
    assert outcomes(report)["rate limit"] == "warning"
    assert report.rate_limit.limit == 5


def test_a_clock_that_goes_wrong_is_warned_of(transport, fake):
    headers = {"Date": "Mon, 05 Jan 2015 12:00:00 GMT", "Docker-Distribution-Api-Version": "registry/2.0"}
    fake.faults.script(Scripted("GET", "/v2/", 200, b"{}", headers=headers, times=100))
    report = run_connection_test(endpoint(fake), Transport(FakeClock()))
    assert outcomes(report)["clock skew"] == "warning"


def test_behind_a_proxy_the_proxys_name_and_port_are_tried(transport, fake):
    """The fake registry answers absolute-form requests like a proxy that leads to itself."""
    proxied = Endpoint.for_url("http://registry.example:8080", proxy=ProxySettings(fake.url))
    report = run_connection_test(proxied, transport)
    assert "proxy" in report.steps[0].evidence
    assert fake.host.rpartition(":")[2] in report.steps[1].evidence


def test_two_tests_at_once_do_not_mix(transport, fake, base):
    fake.add("team/tool", "1", image([base]))
    reports = []

    def test() -> None:
        reports.append(run_connection_test(endpoint(fake), transport, [f"{fake.host}/team/tool:1"]))

    threads = [threading.Thread(target=test) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [report.is_success for report in reports] == [True] * 4


# --- rights


def named(report, name: str):
    return [step for step in report.steps if step.name == name]


def test_each_repository_is_tried_once_and_one_that_is_denied_does_not_hide_the_others(transport, fake, base):
    for name in ("team/a", "team/b"):
        fake.add(name, "1", image([base]))
    for method in ("HEAD", "GET"):
        fake.faults.script(Scripted(method, "team/closed/manifests/1", 403, times=9))
    asked = [f"{fake.host}/{name}" for name in ("team/a:1", "team/closed:1", "team/b:1", "team/a:2")]
    report = run_connection_test(endpoint(fake), transport, asked)
    assert [step.outcome.value for step in named(report, "pull right")] == ["ok", "failed", "ok"]
    assert "team/closed" in named(report, "pull right")[1].evidence
    assert (report.error.code, "team/closed" in report.error.hint) == ("registry-denied", True)
    assert outcomes(report)["list right"] == "ok"


def test_an_image_that_is_missing_beside_one_that_is_there_is_a_warning(transport, fake, base):
    fake.add("team/a", "1", image([base]))
    report = run_connection_test(endpoint(fake), transport, [f"{fake.host}/{n}" for n in ("team/none:1", "team/a:1")])
    assert [step.outcome.value for step in named(report, "pull right")] == ["warning", "ok"]
    assert report.is_success
    assert "team/none:1" in named(report, "pull right")[0].advice


def test_images_of_which_none_is_there_fail_the_test(transport, fake, base):
    report = run_connection_test(endpoint(fake), transport, [f"{fake.host}/{n}" for n in ("team/x:1", "team/y:1")])
    assert [step.outcome.value for step in named(report, "pull right")] == ["failed", "failed"]
    assert (report.error.code, "team/x" in report.error.message) == ("manifest-unknown", True)


def test_at_most_eight_repositories_are_tried_and_the_rest_is_not_hidden(transport, fake, base):
    for n in range(10):
        fake.add(f"team/n{n}", "1", image([base]))
    report = run_connection_test(endpoint(fake), transport, [f"{fake.host}/team/n{n}:1" for n in range(10)])
    steps = named(report, "pull right")
    assert [step.outcome.value for step in steps] == ["ok"] * 8 + ["skipped"]
    assert "2 more" in steps[-1].evidence


def test_a_pull_right_is_proved_without_using_up_quota(transport, base):
    with FakeRegistry(rate_limit=5) as fake:
        fake.add("team/tool", "1", image([base]))
        run_connection_test(endpoint(fake), transport, [f"{fake.host}/team/tool:1"])
        assert fake.rate.used == 0


@pytest.mark.parametrize("status", [401, 403, 404, 405, 501])
def test_who_may_not_list_is_warned_at_most(transport, fake, base, status):
    fake.add("team/tool", "1", image([base]))
    for end in ("tags/list", "_catalog"):
        fake.faults.script(Scripted("GET", end, status, times=100))
    for images in ([], [f"{fake.host}/team/tool:1"]):
        report = run_connection_test(endpoint(fake), transport, images)
        assert report.is_success
        is_not_offered = status in (405, 501) or (status == 404 and not images)
        assert outcomes(report)["list right"] == ("skipped" if is_not_offered else "warning")


def test_a_credential_that_may_push_is_warned_of_and_nothing_is_written(transport, base):
    with FakeRegistry(TokenLogin({"robot": "right-password"})) as fake:
        fake.add("team/tool", "1", image([base]))
        report = run_connection_test(endpoint(fake, credential=ROBOT), transport, [f"{fake.host}/team/tool:1"])
        assert {seen.method for seen in fake.requests} <= {"GET", "HEAD"}
    (step,) = named(report, "credential scope")
    assert (report.is_success, step.outcome.value) == (True, "warning")
    assert "delete, pull, push" in step.evidence


def test_a_credential_that_may_only_pull_is_as_it_should_be(transport, base):
    with FakeRegistry(TokenLogin({"robot": "right-password"}, readers=frozenset({"robot"}))) as fake:
        fake.add("team/tool", "1", image([base]))
        report = run_connection_test(endpoint(fake, credential=ROBOT), transport, [f"{fake.host}/team/tool:1"])
    assert outcomes(report)["credential scope"] == "ok"


def test_what_a_password_may_do_is_not_found_out_by_writing(transport, base):
    with FakeRegistry(BasicLogin({"robot": "right-password"})) as fake:
        fake.add("team/tool", "1", image([base]))
        report = run_connection_test(endpoint(fake, credential=ROBOT), transport, [f"{fake.host}/team/tool:1"])
        assert {seen.method for seen in fake.requests} <= {"GET", "HEAD"}
    (step,) = named(report, "credential scope")
    assert (step.outcome.value, step.evidence.split(":")[0]) == ("skipped", "unknown")


# --- certificates


def serving_until(authority, ends_at):
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    begins_at = min(datetime.now(UTC), ends_at) - timedelta(days=90)
    authority.issue_cert("127.0.0.1", not_before=begins_at, not_after=ends_at).configure_cert(context)
    return FakeRegistry(tls=context)


@pytest.mark.parametrize(("days", "outcome"), [(5, "warning"), (29, "warning"), (40, "ok")])
def test_a_certificate_that_ends_soon_is_warned_of(transport, authority, days, outcome):
    tls = TlsSettings(ca_pem=authority.cert_pem.bytes().decode())
    with serving_until(authority, datetime.now(UTC) + timedelta(days=days, hours=1)) as fake:
        report = run_connection_test(endpoint(fake, tls=tls), transport)
    (step,) = named(report, "TLS")
    assert (report.is_success, step.outcome.value) == (True, outcome)
    assert f"{days} days left" in step.evidence
    assert "127.0.0.1" in step.evidence


def test_a_certificate_that_is_over_fails_and_is_named(transport, authority):
    tls = TlsSettings(ca_pem=authority.cert_pem.bytes().decode())
    with serving_until(authority, datetime.now(UTC) - timedelta(days=3, hours=1)) as fake:
        report = run_connection_test(endpoint(fake, tls=tls), transport)
    ends_at(report, "TLS")
    assert "over for" in failed(report).evidence
    assert "127.0.0.1, signed by trustme" in failed(report).evidence
