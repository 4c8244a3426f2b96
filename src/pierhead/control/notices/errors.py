"""What can be wrong with a subscription, and with the answer of a receiver."""

from pierhead.kit.errors import ConflictError, InvalidInputError, NotFoundError, UnavailableError


class SubscriptionExistsError(ConflictError):
    code = "subscription-exists"

    def __init__(self, identifier: str) -> None:
        super().__init__(f"Subscription with identifier [{identifier}] already exists in this scope")


class SubscriptionMissingError(NotFoundError):
    code = "subscription-missing"

    def __init__(self, identifier: str) -> None:
        super().__init__(
            f"Subscription with identifier [{identifier[:200]}] not found", hint="see `pierhead notice subscriptions`"
        )


class TooManySubscriptionsError(InvalidInputError):
    code = "too-many-subscriptions"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"there are {most} subscriptions in this account already", hint="delete some that nobody listens to"
        )


class InvalidWebhookError(InvalidInputError):
    """An address that nothing is ever sent to. The URL itself is not repeated: what is wrong may be a secret in it."""

    code = "invalid-webhook"

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(f"the webhook's URL cannot be used: {reason}", hint=hint)


class WebhookRefusedError(UnavailableError):
    code = "webhook-refused"

    def __init__(self, status: int) -> None:
        super().__init__(
            f"the receiver answered with status {status}", hint="only a status from 200 to 299 accepts a notice"
        )


class WebhookRedirectedError(UnavailableError):
    """A redirect is the receiver's word on where a signed notice shall go, and is not taken."""

    code = "webhook-redirected"

    def __init__(self, status: int) -> None:
        super().__init__(
            f"the receiver answered with the redirect {status}, and redirects are not followed",
            hint="subscribe with the address at which notices are accepted",
        )
