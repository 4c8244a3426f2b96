"""All routers of the API, in the order they are asked."""

from . import (
    connector_tools,
    connectors,
    copies,
    delegate_groups,
    delegate_setup,
    delegate_tokens,
    delegates,
    execution_config,
    images,
    pipelines,
    registry,
    runs,
    secrets,
    system,
    tasks,
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
    delegate_tokens.router,
    delegate_setup.router,
    delegate_groups.router,
    delegates.router,
    tasks.router,
    copies.router,
)
