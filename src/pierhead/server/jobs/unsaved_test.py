"""A connector that is stored nowhere, in the queue: its spec goes along with the task that tests it.

It holds references to secrets and never a secret. Whether the caller may use them was asked before.
"""

from pierhead.control.connectors import Connector, parse_spec, render_spec
from pierhead.control.tasks import TaskRow

from .payloads import Place, place_in

_KEY = "unsaved"


def unsaved_payload(connector: Connector) -> dict[str, object]:
    """What stands in the queue for a test of it."""
    unsaved = {"id": connector.id, "spec": render_spec(connector.spec)}
    return {**Place(connector.scope, connector.identifier).to_json(), _KEY: unsaved}


def unsaved_in(task: TaskRow) -> Connector | None:
    """The connector of a task that ``unsaved_payload`` was written for; None where the task is about a saved one."""
    found, place = task.payload.get(_KEY), place_in(task)
    if not isinstance(found, dict):
        return None
    return Connector(
        id=str(found["id"]),
        scope=place.scope,
        identifier=place.connector,
        name=place.connector,
        description="",
        tags={},
        spec=parse_spec(found["spec"]),
        version=1,
        created_at=task.created_at,
        last_modified_at=task.created_at,
    )
