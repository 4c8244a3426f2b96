"""The services of people and their keys together: one thing for the application to hold."""

from dataclasses import dataclass
from typing import Self

from pierhead.kit.clock import Clock

from .api_keys import ApiKeyService
from .api_tokens import ApiTokenService
from .pepper import Pepper
from .ports import AccessStore
from .service_accounts import ServiceAccountService
from .users import UserService


@dataclass(frozen=True, slots=True)
class People:
    users: UserService
    service_accounts: ServiceAccountService
    api_keys: ApiKeyService
    api_tokens: ApiTokenService

    @classmethod
    def on(cls, store: AccessStore, clock: Clock, pepper: Pepper) -> Self:
        """``pepper``: that of the AccessService on the same store."""
        return cls(
            UserService(store, clock),
            ServiceAccountService(store, clock),
            ApiKeyService(store, clock),
            ApiTokenService(store, clock, pepper),
        )
