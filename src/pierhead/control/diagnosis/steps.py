"""The remedy of a cause with the names of the case filled in; pure.

What stands in a command was checked to be a name: an error text must not put words into anybody's shell.
"""

import contextlib
import re
import shlex

from pierhead.oci.errors import InvalidImageReferenceError, InvalidPlatformError
from pierhead.oci.platform import Platform
from pierhead.oci.reference import DOCKER_HUB, Reference
from pierhead.oci.reference_grammar import fault_of_host

from .model import Cause, Found, Step

_PLACE = re.compile(r"\{(\w+)\}")
_HUB_SERVER = "https://index.docker.io/v1/"  # the key by which nodes know Docker Hub
_CONNECTOR = re.compile(r"(?:account\.|org\.)?[A-Za-z_][\w$]{0,127}")


def filled_steps(cause: Cause, found: Found, connector: str = "") -> tuple[Step, ...]:
    """``connector``: the reference of the one that leads there, where it is known."""
    values = _values(found, connector)
    return tuple(
        Step(
            _PLACE.sub(lambda place: values.get(place[1]) or place[1].upper(), step.text),
            _PLACE.sub(
                lambda place: shlex.quote(values[place[1]]) if values.get(place[1]) else place[1].upper(), step.command
            ),
        )
        for step in cause.steps
    )


def _values(found: Found, connector: str) -> dict[str, str]:
    """Only what is surely a name of its kind."""
    host = found.host or ("registry-1.docker.io" if found.registry == DOCKER_HUB else found.registry)
    values = {"connector": connector if _CONNECTOR.fullmatch(connector) else ""}
    values["host"] = host if host and fault_of_host(host) is None else ""
    values["registry"] = found.registry if found.registry and fault_of_host(found.registry) is None else ""
    values["server"] = _HUB_SERVER if values["registry"] == DOCKER_HUB else values["registry"]
    with contextlib.suppress(InvalidImageReferenceError):
        reference = Reference.parse(found.image)
        values |= {"image": str(reference), "repository": reference.repository, "tag": reference.tag or ""}
    with contextlib.suppress(InvalidPlatformError):
        values["platform"] = str(Platform.parse(found.platform))
    return values
