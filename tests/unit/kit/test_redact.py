import ast
import base64
import pickle
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pierhead
from pierhead.kit.redact import SecretValue, redact

# Each of these has to send or store the secret itself; anything else has no business reading it.
MAY_REVEAL = {
    "adapters/oidc.py",  # sends the client secret and the verifier to the OIDC provider
    "adapters/ecr.py",  # shows an AWS access key to AWS
    "adapters/keyring.py",  # the encryption key of the environment
    "adapters/secret_managers/aws.py",  # shows the server's own credentials to the store
    "adapters/secret_managers/vault.py",
    "cli/api_client.py",  # sends the API key
    "cli/commands/backup.py",  # shows the new admin key of a restored place, once
    "cli/session.py",  # sends the password, and the cookie and its token
    "cli/kubernetes.py",  # writes pull secrets when asked to, on the data directory itself
    "control/access/model.py",  # hashes keys
    "control/access/oidc.py",  # reads the cookie that it has signed
    "control/access/passwords.py",  # measures and hashes passwords
    "control/access/sessions.py",  # makes the token for changes from the session
    "control/audit/writing.py",  # makes the digest that stands for a value
    "control/delegates/token_seal.py",  # hashes and seals the secret of a token
    "control/delegates/token_text.py",  # writes the text of a token, which is a secret again
    "control/notices/delivering.py",  # has deliveries signed
    "control/notices/messages.py",  # signs them
    "control/secrets/checks.py",  # measures a value that is to be stored
    "control/secrets/managing.py",  # measures a value from outside, and makes its version text
    "control/secrets/sealing.py",
    "control/secrets/service.py",
    "delegate/server.py",  # sends the delegate token when it enrols
    "kit/redact.py",
    "protocol/token_text.py",  # writes the text of a delegate token, which is kept and shown as a secret again
    "registry/auth/credentials.py",  # the one place where credentials meet a request
    "registry/auth/fingerprint.py",
    "registry/rights.py",  # reads what a token says it allows
    "registry/wire/proxy.py",
    "registry/wire/tls.py",
    "server/backups.py",  # opens the database, writes the new admin key file
    "server/cookies.py",  # puts the session into its cookie
    "server/api/api_tokens.py",  # gives the text of a token out, once
    "server/api/delegate_setup.py",  # puts a delegate token into values for the chart
    "server/api/delegate_tokens.py",  # shows delegate tokens to those who may edit delegates
    "server/api/delegate_values.py",
    "server/api/wire/delegate_tokens.py",
    "server/first_start.py",  # writes the admin key file at the first start
    "server/jobs/registry_access.py",  # hands secrets to the worker, after the lease
    "testing/forbidden/through_the_api.py",  # attacks with the admin key
    "server/own_addresses.py",  # looks up where the database is
    "server/storage.py",  # opens the database with the password in its URL
    "server/main.py",  # shows the admin key once
    "worker/discreet.py",  # takes secrets out of what registries say
}


@given(st.text(min_size=1))
def test_no_way_of_printing_shows_the_secret(text: str) -> None:
    secret = SecretValue(text)
    for shown in (str(secret), repr(secret), f"{secret}", f"{secret!r}", f"{secret:>40}", f"{[secret]}"):
        assert shown.strip() in ("***", "SecretValue(***)", "[SecretValue(***)]")


def test_a_secret_cannot_be_pickled() -> None:
    with pytest.raises(TypeError, match="not serialisable"):
        pickle.dumps(SecretValue("dckr_pat_1"))


def test_equality_compares_the_text_and_nothing_else() -> None:
    assert SecretValue("a") == SecretValue("a")
    assert SecretValue("a") != SecretValue("b")
    assert SecretValue("a") != "a"


@given(st.text(min_size=4), st.text(), st.text())
def test_every_form_of_a_known_secret_is_taken_out_of_a_text(secret: str, before: str, after: str) -> None:
    if secret in "***":
        return
    for form in (secret, base64.b64encode(secret.encode()).decode(), quote(secret, safe="")):
        assert secret not in redact(f"{form}", [SecretValue(secret)]) or secret in "***"
    assert redact(before + after, []) == before + after


def test_only_the_listed_modules_reveal_a_secret() -> None:
    root = Path(pierhead.__file__).parent
    revealing = set()
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr == "reveal" and isinstance(node.ctx, ast.Load):
                revealing.add(path.relative_to(root).as_posix())
    assert revealing == MAY_REVEAL
