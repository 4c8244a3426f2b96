"""AWS's private registries (ECR): an access key, exchanged for a password that lasts twelve hours.

Only for hosts that are such a registry by their name, which also says account and region. The access key goes to AWS
alone; what the registry, and a delegate, get to see is the password.
"""

import base64
import binascii
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from pierhead.control.connectors import EcrPlace, ecr_place
from pierhead.kit.clock import Clock
from pierhead.kit.errors import DeniedError, IntegrityError, InvalidInputError, UnavailableError
from pierhead.kit.redact import SecretValue

CONNECT_S: Final = 5.0
READ_S: Final = 10.0
RENEWED_BEFORE_END: Final = timedelta(minutes=30)
_MOST_KEPT = 1000
_DENIED = (
    "AccessDenied",
    "AccessDeniedException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
)


class EcrHostError(InvalidInputError):
    code = "ecr-host"

    def __init__(self, host: str) -> None:
        super().__init__(
            f"{host[:200]} is no private ECR registry, so an AWS access key says nothing there",
            hint="leave the credential helper out, or give ACCOUNT.dkr.ecr.REGION.amazonaws.com as the URL",
        )
        self.host = host


class EcrDeniedError(DeniedError):
    code = "ecr-denied"

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(
            f"AWS gives no password for {host}: {reason}",
            hint="check the access key of the connector, and that it may ecr:GetAuthorizationToken",
        )
        self.host = host


class EcrUnavailableError(UnavailableError):
    code = "ecr-unavailable"

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"AWS cannot be asked for a password for {host}: {reason}")
        self.host = host


class EcrAnswerError(IntegrityError):
    code = "ecr-answer"

    def __init__(self, host: str) -> None:
        super().__init__(f"AWS answered with something that is no password for {host}")
        self.host = host


@dataclass(slots=True)
class _Kept:
    password: tuple[str, SecretValue] | None = None
    ends_at: datetime | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class EcrPasswords:
    """Thread-safe. ``endpoint`` is in place of AWS's own address, for a VPC endpoint; None for AWS's own."""

    def __init__(self, clock: Clock, endpoint: str | None = None) -> None:
        self._clock = clock
        self._endpoint = endpoint
        self._lock = threading.Lock()
        self._making = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()

    def exchange(self, host: str, version: str, key_id: str, key: SecretValue) -> tuple[str, SecretValue]:
        """User name and password for the registry, from memory until half an hour before their end; of many who ask at
        once, one asks AWS. ``version`` is another one for another access key.

        Raises EcrHostError, EcrDeniedError, EcrUnavailableError, EcrAnswerError.
        """
        place = ecr_place(host)
        if place is None:
            raise EcrHostError(host)
        slot = self._slot((host.lower(), version))
        with slot.lock:
            now = self._clock.now()
            if slot.password is None or slot.ends_at is None or now >= slot.ends_at - RENEWED_BEFORE_END:
                slot.password, slot.ends_at = self._ask(host, place, key_id, key)
            return slot.password

    def _slot(self, key: tuple[str, str]) -> _Kept:
        with self._lock:
            slot = self._kept.setdefault(key, _Kept())
            self._kept.move_to_end(key)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
            return slot

    def _ask(
        self, host: str, place: EcrPlace, key_id: str, key: SecretValue
    ) -> tuple[tuple[str, SecretValue], datetime]:
        from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

        try:
            answer = self._client(place.region, key_id, key).get_authorization_token(registryIds=[place.account])
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in _DENIED:
                raise EcrDeniedError(host, code) from None
            raise EcrUnavailableError(host, code[:100] or "an error") from None
        except (BotoCoreError, ValueError) as error:
            raise EcrUnavailableError(host, f"no answer ({type(error).__name__})") from None
        return _read(host, answer)

    def _client(self, region: str, key_id: str, key: SecretValue) -> Any:
        import boto3  # type: ignore[import-untyped]
        from botocore.config import Config  # type: ignore[import-untyped]

        config = Config(connect_timeout=CONNECT_S, read_timeout=READ_S, retries={"total_max_attempts": 2})
        with self._making:  # making a session is not thread-safe
            session = boto3.session.Session(
                aws_access_key_id=key_id, aws_secret_access_key=key.reveal(), region_name=region
            )
            return session.client("ecr", endpoint_url=self._endpoint, config=config, verify=True)


def _read(host: str, answer: Any) -> tuple[tuple[str, SecretValue], datetime]:
    try:
        data = answer["authorizationData"][0]
        text = base64.b64decode(data["authorizationToken"], validate=True).decode()
        username, colon, password = text.partition(":")
        ends_at = data["expiresAt"]
    except (KeyError, IndexError, TypeError, binascii.Error, UnicodeDecodeError):
        raise EcrAnswerError(host) from None
    if not colon or not username or not password or not isinstance(ends_at, datetime) or ends_at.tzinfo is None:
        raise EcrAnswerError(host)
    return (username, SecretValue(password)), ends_at
