"""Real peers over loopback: Debian's docker-registry in its three ways to log in, and skopeo as a second opinion."""

import http.server
import json
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import bcrypt
import pytest
import trustme
from joserfc import jwt
from joserfc.jwk import RSAKey

from pierhead.kit.redact import SecretValue
from pierhead.registry.endpoint import Anonymous, Credential, Endpoint, UsernamePassword
from pierhead.testing.docker_registry import PROGRAM, DockerRegistry, HtpasswdAuth, TokenAuth
from pierhead.testing.peers import require_program
from pierhead.testing.push import basic

USER, PASSWORD = "robot", "right-password"


class TokenServer:
    """Docker's token service (distribution's token spec): RS256, the signer's certificate in x5c. For one user."""

    service, issuer = "test-registry", "test-issuer"

    def __init__(self) -> None:
        authority = trustme.CA(key_type=trustme.KeyType.RSA)
        certificate = authority.issue_cert("token-signer.test", key_type=trustme.KeyType.RSA)
        self.roots_pem = authority.cert_pem.bytes()
        self._key = RSAKey.import_key(certificate.private_key_pem.bytes())
        body = certificate.cert_chain_pems[0].bytes().decode().split("-----")[2]
        self._x5c = ["".join(body.split())]
        self.requests: list[str | None] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                authorization = self.headers.get("Authorization")
                outer.requests.append(authorization)
                is_right = authorization == basic(USER, PASSWORD)
                body = json.dumps({"token": outer.token(self.path)} if is_right else {"details": "wrong password"})
                self.send_response(200 if is_right else 401)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def token(self, path: str) -> str:
        scopes = [scope.rsplit(":", 1) for scope in parse_qs(urlsplit(path).query).get("scope", [])]
        access = [
            {"type": kind_name.split(":", 1)[0], "name": kind_name.split(":", 1)[1], "actions": actions.split(",")}
            for kind_name, actions in scopes
        ]
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": USER,
            "aud": self.service,
            "exp": now + 300,
            "nbf": now - 60,
            "iat": now,
            "jti": uuid.uuid4().hex,
            "access": access,
        }
        return jwt.encode({"alg": "RS256", "typ": "JWT", "x5c": self._x5c}, claims, self._key)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Peer:
    """A running docker-registry, and how to reach it as each side does."""

    registry: DockerRegistry
    credential: Credential = field(default_factory=Anonymous)
    tokens: TokenServer | None = None
    skopeo_options: list[str] = field(default_factory=list)

    def endpoint(self, **more) -> Endpoint:
        trusted = frozenset({self.tokens.host}) if self.tokens else frozenset()
        settings = {"credential": self.credential, "trusted_realm_hosts": trusted, "connector": "account.test", **more}
        return Endpoint.for_url(self.registry.url, **settings)

    def push_authorization(self, repository: str) -> str:
        if self.tokens:
            return f"Bearer {self.tokens.token(f'/token?scope=repository:{repository}:pull,push')}"
        return "" if isinstance(self.credential, Anonymous) else basic(USER, PASSWORD)


@pytest.fixture(scope="session", params=["open", "htpasswd", "token"])
def peer(request, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    require_program(PROGRAM)
    directory = tmp_path_factory.mktemp(f"registry-{request.param}")
    login = UsernamePassword(USER, SecretValue(PASSWORD))
    options = ["--src-creds", f"{USER}:{PASSWORD}"]
    if request.param == "open":
        with DockerRegistry(directory) as registry:
            yield Peer(registry)
    elif request.param == "htpasswd":
        hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
        (directory / "htpasswd").write_text(f"{USER}:{hashed}\n")
        with DockerRegistry(directory, HtpasswdAuth(directory / "htpasswd")) as registry:
            yield Peer(registry, login, skopeo_options=options)
    else:
        tokens = TokenServer()
        (directory / "roots.pem").write_bytes(tokens.roots_pem)
        auth = TokenAuth(f"http://{tokens.host}/token", tokens.service, tokens.issuer, directory / "roots.pem")
        with DockerRegistry(directory, auth) as registry:
            yield Peer(registry, login, tokens, options)
        tokens.stop()


@dataclass(frozen=True)
class Skopeo:
    path: str
    home: Path

    def __call__(self, *arguments: str) -> str:
        """What it printed. Nothing of the user's own configuration is read."""
        environment = {"HOME": str(self.home), "PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(self.home)}
        command = [self.path, "--insecure-policy", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100, env=environment, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def raw(self, place: str) -> bytes:
        return self("inspect", "--raw", place).encode()


@pytest.fixture(scope="session")
def skopeo(tmp_path_factory: pytest.TempPathFactory) -> Skopeo:
    return Skopeo(require_program("skopeo"), tmp_path_factory.mktemp("skopeo-home"))
