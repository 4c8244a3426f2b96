"""Routers whose routes are analysed by the framework when they are first asked, not while the server starts.

The framework takes each endpoint, its dependencies and its models apart at once; for all routes together that is half
of the time of a start. A route that cannot be analysed thus shows when it is called or described: the test of the
OpenAPI document describes every one.
"""

from collections.abc import Callable, Iterable
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import compile_path


class LateRouter(APIRouter):
    """A router of late routes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=LateRoute, **options)


class LateRoute(APIRoute):
    """Knows path, methods and operation id; everything else of it is made when the first of it is missed."""

    def __init__(
        self, path: str, endpoint: Callable[..., Any], *, methods: Iterable[str], operation_id: str, **options: Any
    ) -> None:
        self.path = path
        self.endpoint = endpoint
        self.methods: set[str] = {method.upper() for method in methods}
        self.operation_id = operation_id
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self._options = options

    def __getattr__(self, name: str) -> Any:
        options = self.__dict__.pop("_options", None)  # gone first, so that what is truly not there ends as usual
        if options is None:
            raise AttributeError(name)
        super().__init__(self.path, self.endpoint, methods=self.methods, operation_id=self.operation_id, **options)
        return getattr(self, name)
