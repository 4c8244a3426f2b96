"""Secrets in AWS Secrets Manager.

Credentials come from two files, or else from where the AWS libraries look for them on this machine; without any nothing
is asked.
"""

import json
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pierhead.control.secrets import (
    ManagedValueDeniedError,
    ManagedValueInvalidError,
    ManagedValueMissingError,
    ManagerUnavailableError,
    ReferencePathError,
)
from pierhead.kit.errors import AppError
from pierhead.kit.limits import MalformedJsonError, parse_json
from pierhead.kit.redact import SecretValue

from .small_file import read_small_file

CONNECT_S: Final = 5.0
READ_S: Final = 10.0
_NAME = re.compile(r"[A-Za-z0-9/_+=.@:!-]{1,2048}\Z")
_VERSION_ID = re.compile(r"[A-Za-z0-9-]{32,64}\Z")
_STAGE = re.compile(r"[A-Za-z0-9_.-]{1,31}\Z")
_MISSING = ("ResourceNotFoundException",)
_DENIED = (
    "AccessDenied",
    "AccessDeniedException",
    "DecryptionFailure",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "KMSAccessDeniedException",
    "NotAuthorized",
    "UnrecognizedClientException",
)


@dataclass(frozen=True, slots=True)
class AwsSettings:
    """``key_files``: access key id and secret access key; None for the AWS libraries' own search."""

    region: str
    endpoint: str | None = None
    key_files: tuple[Path, Path] | None = None


class AwsSecrets:
    """``path`` is a secret's name or ARN, and ``#key`` when its text is a JSON object. Thread-safe."""

    def __init__(self, identifier: str, settings: AwsSettings) -> None:
        self._identifier = identifier
        self._settings = settings
        self._lock = threading.Lock()

    def check(self, path: str, version: str | None) -> None:
        name, hash_sign, key = path.partition("#")
        if not _NAME.match(name):
            raise ReferencePathError(self._identifier, path, "it is no name of a secret", "write it as team/registry")
        if hash_sign and not key:
            raise ReferencePathError(self._identifier, path, "it names no key after the #")
        if version is not None and not (_VERSION_ID.match(version) or _STAGE.match(version)):
            raise ReferencePathError(self._identifier, path, f"{version[:40]!r} is no version id and no staging label")

    def read(self, path: str, version: str | None) -> SecretValue:
        self.check(path, version)
        name, _, key = path.partition("#")
        which = {}
        if version is not None:
            which = {"VersionId" if _VERSION_ID.match(version) else "VersionStage": version}
        answer = self._asked(path, {"SecretId": name, **which})
        text = answer.get("SecretString")
        if not isinstance(text, str):
            raise ManagedValueInvalidError(self._identifier, path, "is not a text")
        return SecretValue(self._member(path, text, key) if key else text)

    def _member(self, path: str, text: str, key: str) -> str:
        try:
            value = parse_json(text.encode(errors="surrogatepass"))
        except MalformedJsonError:
            raise ManagedValueInvalidError(self._identifier, path, "is no JSON, so it has no keys") from None
        if not isinstance(value, dict) or key not in value:
            raise ManagedValueMissingError(self._identifier, path, f"there is no key {key[:100]}")
        found = value[key]
        if isinstance(found, str):
            return found
        if isinstance(found, dict):
            return json.dumps(found)  # such as a service account key kept as an object
        raise ManagedValueInvalidError(self._identifier, path, "is not a text")

    def _asked(self, path: str, question: dict[str, str]) -> dict[str, Any]:
        from botocore.exceptions import (  # type: ignore[import-untyped]
            BotoCoreError,
            ClientError,
            NoCredentialsError,
            PartialCredentialsError,
        )

        try:
            answer: dict[str, Any] = self._client().get_secret_value(**question)
        except ClientError as error:
            raise self._refusal(path, error.response.get("Error", {}).get("Code", "")) from None
        except (NoCredentialsError, PartialCredentialsError):
            raise ManagedValueDeniedError(self._identifier, path, "the server has no AWS credentials") from None
        except BotoCoreError as error:
            raise ManagerUnavailableError(self._identifier, f"no answer ({type(error).__name__})") from None
        return answer

    def _refusal(self, path: str, code: str) -> AppError:
        if code in _MISSING:
            return ManagedValueMissingError(self._identifier, path)
        if code in _DENIED:
            return ManagedValueDeniedError(self._identifier, path, code)
        return ManagerUnavailableError(self._identifier, f"it answered with {code[:100] or 'an error'}")

    def _client(self) -> Any:
        """A new one each time, so that credentials that were renewed on the machine count; reads are seldom."""
        import boto3  # type: ignore[import-untyped]
        from botocore.config import Config  # type: ignore[import-untyped]

        config = Config(connect_timeout=CONNECT_S, read_timeout=READ_S, retries={"total_max_attempts": 2})
        keys: dict[str, str] = {}
        if self._settings.key_files is not None:
            key_id, key = (read_small_file(self._identifier, path) for path in self._settings.key_files)
            keys = {"aws_access_key_id": key_id.reveal(), "aws_secret_access_key": key.reveal()}
        with self._lock:  # making a session is not thread-safe
            session = boto3.session.Session(region_name=self._settings.region, **keys)
            return session.client("secretsmanager", endpoint_url=self._settings.endpoint, config=config, verify=True)
