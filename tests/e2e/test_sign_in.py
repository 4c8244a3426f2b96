"""People log in to a server that is really there: cookies over loopback, addresses by way of a proxy."""

import http.client
import json
from urllib.parse import urlsplit

PASSWORD = "several words do well"


def ask(url: str, method: str, path: str, body: object = None, **headers: str) -> tuple[int, dict, dict]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    raw = None if body is None else json.dumps(body)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, raw, {"Content-Type": "application/json", **sent} if raw else sent)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read()), dict(answer.getheaders())


def test_a_browser_on_the_same_machine_can_be_served_without_tls(home) -> None:
    home.environment["PIERHEAD_SESSION_COOKIE"] = "plain"
    with home.server() as server:
        url = server.wait()
        done = home.run("user", "password", "admin@localhost", "--from-stdin", stdin=PASSWORD + "\n")
        assert done.code == 0, done.err
        body = {"email": "admin@localhost", "password": PASSWORD}
        status, said, headers = ask(url, "POST", "/pierhead/v1/session", body, Origin=url)
        assert status == 200
        assert headers["set-cookie"].startswith("pierhead-plain=")
        assert "Secure" not in headers["set-cookie"]
        cookie = headers["set-cookie"].partition(";")[0]
        assert ask(url, "GET", "/pierhead/v1/session", Cookie=cookie)[0] == 200
        assert ask(url, "DELETE", "/pierhead/v1/session", Cookie=cookie)[0] == 403
        token = said["data"]["csrfToken"]
        assert ask(url, "DELETE", "/pierhead/v1/session", Cookie=cookie, X_CSRF_Token=token)[0] == 200
        assert ask(url, "GET", "/pierhead/v1/session", Cookie=cookie)[0] == 401


def test_an_invited_person_gets_into_the_command_line(home) -> None:
    with home.server() as server:
        url = server.wait()
        assert home.run("user", "create", "ada@example.com").code == 0
        done = home.run("user", "password", "ada@example.com", "--from-stdin", stdin=PASSWORD + "\n")
        assert done.code == 0, done.err
        elsewhere = {"PIERHEAD_DATA": str(home.root / "none"), "XDG_CONFIG_HOME": str(home.root / "config")}
        home.environment |= elsewhere
        login = ("login", "--url", url, "--email", "ada@example.com", "--password-stdin")
        first = home.run(*login, stdin=PASSWORD + "\n")
        assert first.code == 0, first.err
        file = home.root / "config" / "pierhead" / "api-key"
        key = file.read_text().strip()
        assert file.stat().st_mode & 0o777 == 0o600
        assert key not in first.out + first.err
        assert f"export PIERHEAD_URL={url} PIERHEAD_API_KEY=" in first.err
        listed = ("api-key", "list", "--json", "--url", url, "--api-key-file", str(file))
        [token] = home.run(*listed).json
        assert token["apiKeyIdentifier"] == "cli"
        assert 29 < (token["validTo"] - token["validFrom"]) / 86_400_000 < 31
        printed = home.run(*login, "--print-key", "--expires", "1h", stdin=PASSWORD + "\n")
        assert printed.out.startswith("pat.")
        assert file.read_text().strip() == key
        assert home.run(*listed).code != 0, "a second login on the same machine ends the first one's key"
        file.write_text(printed.out)
        assert len(home.run(*listed).json) == 1


def test_a_login_that_fails_writes_no_file_and_shows_no_password(home) -> None:
    with home.server() as server:
        url = server.wait()
        login = ("login", "--url", url, "--email", "ada@example.com", "--password-stdin", "--key-file", "key")
        done = home.run(*login, stdin="not the password\n")
        assert done.code != 0
        assert "email or password is wrong" in done.err
        assert "not the password" not in done.out + done.err
        assert not (home.root / "key").exists()
        assert "--password-stdin" in home.run(*login[:5]).err
    assert home.run("login", "--email", "ada@example.com", "--password-stdin", stdin="x\n").code != 0


def test_a_server_that_others_can_reach_serves_no_plain_cookies(home) -> None:
    home.environment |= {"PIERHEAD_SESSION_COOKIE": "plain", "PIERHEAD_HOST": "0.0.0.0"}
    done = home.run("up", "--port", "0")
    assert done.code == 2
    assert "PIERHEAD_SESSION_COOKIE" in done.err


def test_an_address_is_what_a_trusted_proxy_says_and_nobody_else(home) -> None:
    def seen(**settings: str) -> str:
        home.environment |= settings
        with home.server() as server:
            url = server.wait()
            body = {"email": "nobody@example.com", "password": "x"}
            sent = {"X_Forwarded_For": "6.6.6.6, 203.0.113.7", "X_Forwarded_Proto": "https"}
            assert ask(url, "POST", "/pierhead/v1/session", body, **sent)[0] == 401
            key = (home.data / "admin-key").read_text().strip()
            account = key.split(".")[1]
            filtered = {"filterType": "Audit", "actions": ["UNSUCCESSFUL_LOGIN"]}
            path = f"/audit/api/audits/list?accountIdentifier={account}"
            status, found, _ = ask(url, "POST", path, filtered, X_API_KEY=key)
            assert status == 200, found
            return str(found["data"]["content"][0]["requestMetadata"]["clientIP"])

    assert seen() == "127.0.0.1"
    assert seen(PIERHEAD_TRUSTED_PROXIES="10.0.0.0/8") == "127.0.0.1"
    assert seen(PIERHEAD_TRUSTED_PROXIES="127.0.0.1,::1") == "203.0.113.7"
