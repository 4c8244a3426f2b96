"""All routers of the API, in the order they are asked."""

from . import (
    connector_tools,
    connectors,
    execution_config,
    images,
    pipelines,
    registry,
    runs,
    secrets,
    system,
)

ROUTERS = (
    system.open_router,
    system.router,
    connectors.router,
    secrets.router,
    execution_config.router,
    registry.router,
    connector_tools.router,
    images.router,
    pipelines.router,
    runs.router,
)
