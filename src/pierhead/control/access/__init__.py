"""Accounts, the principals that act in them, their keys, and what each may do."""

from .errors import (
    AccessDeniedError,
    AccountNotFoundError,
    FailedCheck,
    InvalidPrincipalError,
    InvalidTokenError,
    MissingTokenError,
    PrincipalExistsError,
    PrincipalNotFoundError,
)
from .grants import Grant, Grants, Identifiers
from .model import (
    Account,
    ApiKey,
    IncludedScope,
    KeyText,
    LoginFailures,
    Principal,
    PrincipalRef,
    ResourceGroup,
    ResourceSelector,
    Role,
    RoleAssignment,
    ServiceAccount,
    Session,
    Token,
    User,
)
from .permissions import Permission, resource_type_of, view_of
from .ports import AccessStore, AccessTransaction
from .service import ADMIN_EMAIL, AccessService

__all__ = [
    "ADMIN_EMAIL",
    "AccessDeniedError",
    "AccessService",
    "AccessStore",
    "AccessTransaction",
    "Account",
    "AccountNotFoundError",
    "ApiKey",
    "FailedCheck",
    "Grant",
    "Grants",
    "Identifiers",
    "IncludedScope",
    "InvalidPrincipalError",
    "InvalidTokenError",
    "KeyText",
    "LoginFailures",
    "MissingTokenError",
    "Permission",
    "Principal",
    "PrincipalExistsError",
    "PrincipalNotFoundError",
    "PrincipalRef",
    "ResourceGroup",
    "ResourceSelector",
    "Role",
    "RoleAssignment",
    "ServiceAccount",
    "Session",
    "Token",
    "User",
    "resource_type_of",
    "view_of",
]
