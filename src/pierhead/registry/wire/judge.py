"""Where connections may go by the word of whoever runs this program, whatever a task or a registry says. Pure.

Asked before a name is looked up or a byte is sent, for each request anew, and for every host on the way.
"""

from collections.abc import Callable

from pierhead.registry.endpoint import ProxySettings
from pierhead.registry.origin import Origin

Judge = Callable[[Origin], None]
"""Raises a RegistryError for where nothing may go."""


def everywhere(origin: Origin) -> None:
    """The judge of those who have no list."""


def check_way(origin: Origin, proxy: ProxySettings | None, judge: Judge) -> None:
    """The host itself, and the proxy by which it is reached. Raises what ``judge`` raises."""
    judge(origin)
    if proxy is not None:
        judge(proxy.origin)
