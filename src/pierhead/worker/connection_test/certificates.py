"""What the certificates of a server say: who they are for, who signed them, until when. Judging them is TLS's work."""

import ssl
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cryptography import x509

_DER: Final = 2  # what the ssl module calls ENCODING_DER


@dataclass(frozen=True, slots=True)
class Certificate:
    subject: str
    issuer: str
    ends_at: datetime

    def days_left(self, now: datetime) -> int:
        """Whole days; negative when it is over."""
        return (self.ends_at - now).days

    def describe(self, now: datetime) -> str:
        days = self.days_left(now)
        left = f"{days:,} days left" if days >= 0 else f"over for {-days:,} days"
        return f"{self.subject}, signed by {self.issuer}, valid until {self.ends_at:%Y-%m-%d %H:%M} UTC ({left})"


def chain_of(connection: ssl.SSLSocket, *, is_verified: bool = True) -> tuple[Certificate, ...]:
    """The server's own first. Empty where this Python does not tell: hidden in 3.10 to 3.12, public since."""
    inner = getattr(connection, "_sslobj", None)
    ask = getattr(inner, "get_verified_chain" if is_verified else "get_unverified_chain", None)
    chain = (ask() if ask is not None else None) or ()
    return tuple(_parse(certificate.public_bytes(_DER)) for certificate in chain)


def _parse(raw: bytes) -> Certificate:
    from cryptography import x509  # for connection tests only

    found = x509.load_der_x509_certificate(raw)
    return Certificate(_hosts(found) or _name(found.subject), _name(found.issuer), found.not_valid_after_utc)


def _hosts(certificate: "x509.Certificate") -> str:
    """The first names it is for."""
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ""
    return _shown(", ".join(str(name.value) for name in [*names][:3]))


def _name(name: "x509.Name") -> str:
    """The most telling field of a name."""
    from cryptography.x509.oid import NameOID

    for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME):
        for attribute in name.get_attributes_for_oid(oid):
            if text := _shown(str(attribute.value)):
                return text
    return "somebody without a name"


def _shown(text: str) -> str:
    return "".join(character for character in text[:100] if character.isprintable())
