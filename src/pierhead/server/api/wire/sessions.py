"""Bodies of logging in, of passwords and of sessions."""

from typing import Annotated

from pydantic import Field, SecretStr

from pierhead.control.access import Session, User
from pierhead.kit.clock import to_epoch_ms
from pierhead.kit.redact import SecretValue

from .common import OwnReceived, Wire

_LONGEST_PASSWORD = 4096  # what is too long to be one is refused by whoever hashes it, with the proper words
Password = Annotated[SecretStr, Field(max_length=_LONGEST_PASSWORD)]


class LoginBody(OwnReceived):
    email: Annotated[str, Field(min_length=1, max_length=320)]
    password: Password
    account: Annotated[str, Field(max_length=200)] | None = None


class PasswordBody(OwnReceived):
    """``currentPassword`` is for changing one's own."""

    password: Password
    current_password: Password | None = None


class SessionUser(Wire):
    id: str
    email: str
    name: str


class SessionItem(Wire):
    """``csrfToken`` goes with every change as ``X-CSRF-Token``. Times are milliseconds since the epoch."""

    account: str
    user: SessionUser
    csrf_token: str
    created_at: int
    expires_at: int

    @classmethod
    def of(cls, session: Session, user: User, csrf: str) -> "SessionItem":
        return cls(
            account=user.account,
            user=SessionUser(id=user.id, email=user.email, name=user.name),
            csrf_token=csrf,
            created_at=to_epoch_ms(session.created_at),
            expires_at=to_epoch_ms(session.expires_at),
        )


def secret(password: SecretStr) -> SecretValue:
    return SecretValue(password.get_secret_value())
