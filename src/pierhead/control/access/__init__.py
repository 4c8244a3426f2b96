"""Accounts, the principals that act in them, their keys, and what each may do."""

from .api_keys import ApiKeyDraft, ApiKeyService
from .api_tokens import ApiTokenService, TokenAddress, TokenDraft
from .assignments import AssignmentDraft, AssignmentService
from .documents import LEVEL_WORDS, LEVELS, level_words, render_assignment, render_group, render_role, render_scope
from .emails import ADMIN_EMAIL, canonical_email, check_email
from .errors import (
    AccessDeniedError,
    AccountNotFoundError,
    FailedCheck,
    InvalidPrincipalError,
    InvalidTokenError,
    LastAdminError,
    LastWayInError,
    MissingTokenError,
    NotOperatorError,
    PrincipalExistsError,
    PrincipalNotFoundError,
    TokenExpiredError,
    TokenRevokedError,
    TooManyPrincipalsError,
)
from .escalation import THE_PROGRAM, Giver
from .granted import Granted
from .grants import Grant, Grants, Identifiers
from .lockout import LoginLockedError
from .logins import LoginFailedError, LoginService
from .managed import ACCOUNT_ADMIN
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
from .oidc import (
    OIDC_STATE_LASTS,
    Identity,
    InvalidNextError,
    OidcLoginError,
    OidcNotConfiguredError,
    OidcProvider,
    OidcService,
)
from .passwords import HashCost, LoginsBusyError, PasswordHashes, WeakPasswordError
from .people import People
from .people_documents import api_key_document, service_account_document, token_document, user_document
from .pepper import Pepper
from .permissions import Permission, levels_of, resource_type_of, view_of
from .places_gone import take_out_of_groups
from .ports import AccessStore, AccessTransaction, AccountRows
from .resource_groups import ResourceGroupDraft, ResourceGroupService
from .rights import Rights
from .role_errors import (
    AssignmentNotFoundError,
    InvalidAssignmentError,
    InvalidResourceGroupError,
    InvalidRoleError,
    ManagedRoleError,
    ResourceGroupNotFoundError,
    RoleExistsError,
    RoleNotFoundError,
    StillAssignedError,
    TooManyRolesError,
)
from .roles import RoleDraft, RoleService
from .service import AccessService
from .service_accounts import ServiceAccountDraft, ServiceAccountService
from .sessions import SESSION_LASTS, CsrfError, InvalidSessionError, Opened, SessionService, end_sessions
from .users import UserService

__all__ = [
    "ACCOUNT_ADMIN",
    "ADMIN_EMAIL",
    "LEVELS",
    "LEVEL_WORDS",
    "OIDC_STATE_LASTS",
    "SESSION_LASTS",
    "THE_PROGRAM",
    "AccessDeniedError",
    "AccessService",
    "AccessStore",
    "AccessTransaction",
    "Account",
    "AccountNotFoundError",
    "AccountRows",
    "ApiKey",
    "ApiKeyDraft",
    "ApiKeyService",
    "ApiTokenService",
    "AssignmentDraft",
    "AssignmentNotFoundError",
    "AssignmentService",
    "CsrfError",
    "FailedCheck",
    "Giver",
    "Grant",
    "Granted",
    "Grants",
    "HashCost",
    "Identifiers",
    "Identity",
    "IncludedScope",
    "InvalidAssignmentError",
    "InvalidNextError",
    "InvalidPrincipalError",
    "InvalidResourceGroupError",
    "InvalidRoleError",
    "InvalidSessionError",
    "InvalidTokenError",
    "KeyText",
    "LastAdminError",
    "LastWayInError",
    "LoginFailedError",
    "LoginFailures",
    "LoginLockedError",
    "LoginService",
    "LoginsBusyError",
    "ManagedRoleError",
    "MissingTokenError",
    "NotOperatorError",
    "OidcLoginError",
    "OidcNotConfiguredError",
    "OidcProvider",
    "OidcService",
    "Opened",
    "PasswordHashes",
    "People",
    "Pepper",
    "Permission",
    "Principal",
    "PrincipalExistsError",
    "PrincipalNotFoundError",
    "PrincipalRef",
    "ResourceGroup",
    "ResourceGroupDraft",
    "ResourceGroupNotFoundError",
    "ResourceGroupService",
    "ResourceSelector",
    "Rights",
    "Role",
    "RoleAssignment",
    "RoleDraft",
    "RoleExistsError",
    "RoleNotFoundError",
    "RoleService",
    "ServiceAccount",
    "ServiceAccountDraft",
    "ServiceAccountService",
    "Session",
    "SessionService",
    "StillAssignedError",
    "Token",
    "TokenAddress",
    "TokenDraft",
    "TokenExpiredError",
    "TokenRevokedError",
    "TooManyPrincipalsError",
    "TooManyRolesError",
    "User",
    "UserService",
    "WeakPasswordError",
    "api_key_document",
    "canonical_email",
    "check_email",
    "end_sessions",
    "level_words",
    "levels_of",
    "render_assignment",
    "render_group",
    "render_role",
    "render_scope",
    "resource_type_of",
    "service_account_document",
    "take_out_of_groups",
    "token_document",
    "user_document",
    "view_of",
]
