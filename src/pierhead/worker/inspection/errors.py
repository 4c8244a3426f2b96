"""What keeps an inspection from looking at something; each becomes a problem in the result."""

from pierhead.kit.errors import InvalidInputError, TooLargeError


class InvalidKeyTextError(InvalidInputError):
    """A key of the task that cannot be used: a mistake of whoever made the task, so the task fails."""

    code = "invalid-verification-key"

    def __init__(self, id_: str) -> None:
        super().__init__(
            f"the verification key {id_[:100]} cannot be used",
            hint="give ECDSA P-256 or P-384, RSA from 2,048 bits on, or Ed25519 as PEM",
        )


class TooMuchEvidenceError(TooLargeError):
    """More attachments than anybody needs: somebody wants us to look for ever."""

    code = "too-much-evidence"

    def __init__(self, what: str, cap: int) -> None:
        super().__init__(f"there are more than {cap} {what}", hint="remove what does not belong to the image")


class BadSignatureError(InvalidInputError):
    """A signature that was looked at and does not count; the words go to whoever reads the verdict."""

    code = "signature-rejected"
