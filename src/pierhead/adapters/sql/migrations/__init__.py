"""The Alembic environment and its revisions, shipped with the package and run by ``upgrade``."""

import sqlalchemy as sa
from alembic.config import Config


def configuration(connection: sa.Connection) -> Config:
    """For Alembic's commands, to run on ``connection`` inside the transaction that it is in."""
    config = Config()
    config.set_main_option("script_location", "pierhead.adapters.sql:migrations")
    config.attributes["connection"] = connection
    return config
