"""People on the wire: as the reference's clients know them (harness-api §6.3), and in our own words."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from pierhead.control.access import ACCOUNT_ADMIN, Granted, User
from pierhead.kit.clock import to_epoch_ms

from .common import OptionalText, OwnReceived, Received, Wire
from .grants import AssignmentNote

MOST_INVITED = 100


class UserIn(OwnReceived):
    """``name`` may be left out: then the person is called as the email begins."""

    email: str
    name: str = ""


class UserNameIn(OwnReceived):
    name: str


class UserItem(Wire):
    """``hasPassword``: whether the person can come in without single sign-on. ``lockedUntil``: after too many failed
    logins; told only where one person is read."""

    id: str
    email: str
    name: str
    disabled: bool
    has_password: bool
    single_sign_on: bool
    created_at: int
    last_modified_at: int
    locked_until: int | None = None

    @classmethod
    def of(cls, user: User, locked_until: datetime | None = None) -> Self:
        return cls(
            id=user.id,
            email=user.email,
            name=user.name,
            disabled=user.is_disabled,
            has_password=user.password_hash is not None,
            single_sign_on=user.subject is not None,
            created_at=to_epoch_ms(user.created_at),
            last_modified_at=to_epoch_ms(user.last_modified_at),
            locked_until=to_epoch_ms(locked_until) if locked_until else None,
        )


class UserMetadata(Wire):
    uuid: str
    name: str
    email: str
    locked: bool = False
    disabled: bool
    externally_managed: bool = False
    two_factor_authentication_enabled: bool = False

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(uuid=user.id, name=user.name, email=user.email, disabled=user.is_disabled)


class UserAggregate(Wire):
    user: UserMetadata
    role_assignment_metadata: list[AssignmentNote]

    @classmethod
    def of(cls, user: User, assignments: Iterable[AssignmentNote]) -> Self:
        return cls(user=UserMetadata.of(user), role_assignment_metadata=list(assignments))


class AccountOfUser(Wire):
    uuid: str
    account_name: str
    company_name: str
    default_experience: str = "NG"
    next_gen_enabled: bool = True


class UserInfo(UserMetadata):
    admin: bool
    email_verified: bool = True
    default_account_id: str
    accounts: list[AccountOfUser]
    created_at: int
    token: None = None

    @classmethod
    def of_person(cls, seen: UserMetadata, user: User, account: AccountOfUser, granted: Iterable[Granted]) -> Self:
        is_admin = any(one.assignment.role == ACCOUNT_ADMIN and not one.assignment.is_disabled for one in granted)
        return cls(
            **seen.model_dump(),
            admin=is_admin,
            default_account_id=user.account,
            accounts=[account],
            created_at=to_epoch_ms(user.created_at),
        )


class UserInfoIn(Received):
    uuid: OptionalText = None
    name: str


class UserFilterBody(Received):
    search_term: str | None = None
    identifiers: list[str] | None = None


class RoleBinding(Received):
    role_identifier: str
    resource_group_identifier: OptionalText = None


class InviteBody(Received):
    """There are no user groups here, so ``userGroups`` is passed over."""

    emails: Annotated[list[str], Field(min_length=1, max_length=MOST_INVITED)]
    role_bindings: Annotated[list[RoleBinding] | None, Field(max_length=20)] = None


class Invited(Wire):
    """By email: what became of it."""

    add_user_response_map: dict[str, str]
