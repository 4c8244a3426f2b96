"""Secrets in strangers' logs, by their shape."""

import json
import time

import pytest

from pierhead.control.diagnosis.masking import masked

SECRET = "Hunter2-Hunter2"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nHunter2Hunter2\nHunter2+/==\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    "text",
    [
        f"key: {PEM} and more",
        json.dumps({"key": PEM}),
        "cut off: -----BEGIN PRIVATE KEY-----\nHunter2Hunter2",
        f"curl -u bob:{SECRET} https://reg.io/v2/",
        f"curl --user 'bob:{SECRET}' https://reg.io/v2/",
        f"docker pull bob:{SECRET}@reg.io/app:1",
        f"docker login -u bob -p{SECRET} reg.io",
        "mysql -u root -phunter2 db",
        f"secretKey={SECRET}",
        f"AWS_SECRET_ACCESS_KEY={SECRET}",
        f"DB_PASS={SECRET}",
        f"https://reg.io/v2/token?user=bob&pass={SECRET}",
        f"Cookie: session={SECRET}; other={SECRET}",
        f"Set-Cookie: session={SECRET}; Path=/",
        '{"cookie": "session=Hunter2"}',
        "authorization=Basic%20Hunter2Hunter2&x=1",
        "Authorization: Basic Hunter2xyz",
        f"Authorization: {SECRET}",
        "hf_Hunter2Hunter2Hunter2",
        "aws_secret_access_key Hunter2Hunter2Hunter2",
        f"apikey {SECRET}",
        f"api-key {SECRET} was sent",
        f'secret "{SECRET}"',
        f"the password is {SECRET}",
        f"password was '{SECRET}'",
    ],
)
def test_a_secret_is_known_by_its_shape(text: str) -> None:
    assert "hunter2" not in masked(text).lower()


@pytest.mark.parametrize(
    "text",
    [
        'Error: secret "regcred" not found',
        "the password is incorrect",
        "token is invalid or expired",
        "secret is missing in namespace builds",
        "docker run -u 1000:1000 -p8080:80 app:1.2",
        "tool -platform linux/arm64 -progress=plain -pull",
        "reg.io/team/app:1.2@sha256:0a1b2c not found",
        "app:1.2@sha256:0a1b2c not found",
        "authorization: denied",
        "dial tcp 10.0.0.1:443: connect: connection refused",
        "x509: certificate signed by unknown authority",
        "2026-11-21T10:00:00Z error: reg.io:5000/app:1 manifest unknown",
    ],
)
def test_what_helps_to_understand_is_left(text: str) -> None:
    assert masked(text) == text


def test_what_stands_around_a_secret_is_left() -> None:
    assert masked(f"a {PEM} b").replace("***", "*").startswith("a -----BEGIN RSA PRIVATE KEY-----")
    assert masked(f"a {PEM} b").endswith("-----END RSA PRIVATE KEY----- b")
    assert "reg.io/app:1 denied" in masked(f"bob:{SECRET}@reg.io/app:1 denied")


@pytest.mark.parametrize(
    "piece",
    ["a-", "eyJ-", "a:", "a:,", "://", "-p", " -p", "secret ", 'secret "', "-----BEGIN A-----", "login ", "basic ",
     "authorization=", "cookie:", "-u a", "password is ", "token=", "hf_", "a", "@", "apikey ", "key"],
)  # fmt: skip
def test_a_long_text_takes_no_long_time(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    begun = time.process_time()
    masked(text)
    assert time.process_time() - begun < 1
