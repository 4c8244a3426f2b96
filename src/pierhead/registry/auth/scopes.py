"""Which rights to ask a token for (distribution, "Token Scope"); pure."""


def scopes_to_ask(wanted: tuple[str, ...], challenged: tuple[str, ...]) -> tuple[str, ...]:
    """What the registry says it needs; but all that we want, where that includes it: one token then does for both."""
    if not challenged or all(any(_includes(own, scope) for own in wanted) for scope in challenged):
        return wanted or challenged
    return challenged


def _includes(own: str, scope: str) -> bool:
    resource, _, actions = own.rpartition(":")
    asked_resource, _, asked_actions = scope.rpartition(":")
    return resource == asked_resource and set(asked_actions.split(",")) <= set(actions.split(","))
