"""Signatures of an image tried with the task's keys, one attachment after the other.

One that does not verify, or is about another image, is told and does not count; what could not be read is a problem.
"""

import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field

from pierhead.kit.errors import AppError, IntegrityError, InvalidInputError, TooLargeError
from pierhead.oci.dsse import Envelope
from pierhead.protocol.inspection import InspectedSignature, Problem

from .attachments import Attachment, Form
from .errors import BadSignatureError
from .payloads import MAX_PAYLOAD, envelope_in, read_attested, read_simple
from .verifying import Key


@dataclass(slots=True)
class Signatures:
    """What came of all attachments so far."""

    keys: Sequence[Key]
    verified: list[InspectedSignature] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    seen: int = 0

    def take(self, attachment: Attachment, raw: bytes) -> tuple[str, ...]:
        """Tries ``raw``; the ids of the keys that signed it, whatever it says."""
        if attachment.form not in (Form.SIMPLE, Form.ENVELOPE):
            return ()
        self.seen += 1
        try:
            if attachment.form is Form.SIMPLE:
                return self._simple(attachment, raw)
            return self._envelope(attachment, raw)
        except (InvalidInputError, IntegrityError, TooLargeError) as error:
            self.rejected.append(error.message[:500])
            return ()

    def miss(self, error: AppError) -> None:
        """An attachment that could not be had."""
        self.problems.append(Problem(code=error.code, message=error.message[:500]))

    def _simple(self, attachment: Attachment, raw: bytes) -> tuple[str, ...]:
        try:
            signature = binascii.a2b_base64(attachment.signature, strict_mode=True)
        except ValueError:
            raise BadSignatureError("a signature is not base64") from None
        signers = tuple(key.id for key in self.keys if key.verifies(signature, raw))
        self._check_signed(signers)
        self.verified += [read_simple(raw, attachment.subject, signer) for signer in signers]
        return signers

    def _envelope(self, attachment: Attachment, raw: bytes) -> tuple[str, ...]:
        envelope = envelope_in(raw)
        if envelope is None:
            raise BadSignatureError("an attestation has no signed envelope")
        signers = _signers(self.keys, envelope)
        self._check_signed(signers)
        if len(envelope.payload) <= MAX_PAYLOAD:  # a larger one is an SBOM, and is read elsewhere
            self.verified += [read_attested(envelope, attachment.subject, signer) for signer in signers]
        return signers

    def _check_signed(self, signers: tuple[str, ...]) -> None:
        if not signers:
            raise BadSignatureError("a signature was made with none of the keys")


def _signers(keys: Sequence[Key], envelope: Envelope) -> tuple[str, ...]:
    data = envelope.signed_bytes
    return tuple(key.id for key in keys if any(key.verifies(one, data) for one in envelope.signatures))
