"""Routes are analysed when they are first asked: a server starts in half the time."""

import subprocess
import sys
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI
from starlette.testclient import TestClient

from pierhead.server.api.late_routes import LateRouter

START = """
from pierhead.server.api.routers import ROUTERS
import pierhead.server.app
routes = [route for router in ROUTERS for route in router.routes]
print(len(routes) > 100, [route.path for route in routes if "dependant" in vars(route)])
"""


def test_no_route_is_analysed_while_the_server_is_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True)
    assert done.stdout == "True []\n", "make its router with LateRouter"


@pytest.fixture
def app() -> FastAPI:
    router = LateRouter(prefix="/things", tags=["things"])

    def doubled(size: int) -> int:
        return 2 * size

    @router.get("/{name}", operation_id="getThing")
    def get(name: str, size: Annotated[int, Depends(doubled)]) -> dict[str, object]:
        return {"name": name, "size": size}

    app = FastAPI()
    app.router.routes += router.routes
    return app


def test_a_late_route_serves_as_any_other(app: FastAPI) -> None:
    route = app.router.routes[-1]
    assert "dependant" not in vars(route)
    with TestClient(app) as client:
        assert client.get("/things/a", params={"size": 2}).json() == {"name": "a", "size": 4}
        assert client.get("/things/a", params={"size": "x"}).status_code == 422
        assert client.post("/things/a").status_code == 405
        assert client.get("/other/a").status_code == 404
    assert "dependant" in vars(route)


def test_a_late_route_is_described_as_any_other(app: FastAPI) -> None:
    operation = app.openapi()["paths"]["/things/{name}"]["get"]
    assert operation["operationId"] == "getThing"
    assert operation["tags"] == ["things"]
    assert [parameter["name"] for parameter in operation["parameters"]] == ["name", "size"]


def test_what_no_route_has_is_not_there_before_and_after_it_is_analysed(app: FastAPI) -> None:
    route = app.router.routes[-1]
    for _ in range(2):
        with pytest.raises(AttributeError):
            route.no_such_thing  # type: ignore[attr-defined]  # noqa: B018
