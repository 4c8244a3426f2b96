"""What a webhook gets: the body of a delivery and its signed headers; pure.

The signature covers the moment of sending, so that a receiver can refuse what was recorded and is sent again.
"""

import hmac
import json
from datetime import datetime

from pierhead.kit.clock import to_epoch_ms
from pierhead.kit.redact import SecretValue

from .model import Delivery, Notice

VERSION = "v1"


def body_of(delivery: Delivery, notice: Notice) -> bytes:
    """The same for every attempt. Times are in milliseconds since 1970."""
    document = {
        "version": 1,
        "deliveryId": delivery.id,
        "subscription": delivery.subscription,
        "notice": notice_document(notice),
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def notice_document(notice: Notice) -> dict[str, object]:
    return {
        "id": notice.id,
        "at": to_epoch_ms(notice.at),
        "topic": notice.topic.value,
        "accountIdentifier": notice.scope.account,
        "orgIdentifier": notice.scope.org,
        "projectIdentifier": notice.scope.project,
        "title": notice.title,
        "text": notice.text,
        "subject": {"type": notice.subject_type, "identifier": notice.subject},
        "details": dict(notice.details),
    }


def headers_of(delivery: Delivery, body: bytes, secret: SecretValue, now: datetime) -> dict[str, str]:
    timestamp = str(int(now.timestamp()))
    return {
        "Content-Type": "application/json",
        "Pierhead-Delivery": delivery.id,
        "Pierhead-Topic": delivery.topic.value,
        "Pierhead-Timestamp": timestamp,
        "Pierhead-Signature": f"{VERSION}={signature(secret, timestamp, body)}",
    }


def signature(secret: SecretValue, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 of ``timestamp``, a dot and the body, in hexadecimal digits."""
    return hmac.digest(secret.reveal().encode(), timestamp.encode() + b"." + body, "sha256").hex()
