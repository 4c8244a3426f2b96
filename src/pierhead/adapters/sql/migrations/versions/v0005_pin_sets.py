"""Pins of organizations and projects, and the sets of pins that there were. Revision "0005", after "0004".

Pins that are there stay the account's. They become a set with the first change after this.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_JSON = sa.JSON(none_as_null=True)
_MOMENT = sa.DateTime(timezone=True)
_OLD = ("account", "infra", "field")
_NEW = ("account", "org", "project", "infra", "field")


def upgrade() -> None:
    _remake_pins(_NEW, "")
    op.create_table(
        "pin_sets",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("org", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("previous", sa.BigInteger(), nullable=True),
        sa.Column("pins", _JSON, nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("preflight", sa.Text(), nullable=False),
        sa.Column("restores", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("account", "number", name=op.f("pk_pin_sets")),
    )
    columns = ["account", "org", "project", "number"]
    op.create_index(op.f("ix_pin_sets_account_org_project_number"), "pin_sets", columns, unique=False)


def downgrade() -> None:
    """Pins of organizations and projects go: there is no place for them."""
    op.drop_table("pin_sets")
    _remake_pins(_OLD, " WHERE org = ''")


def _remake_pins(keys: tuple[str, ...], where: str) -> None:
    """Its primary key is another, so the rows are carried over; there are a few dozen to an account."""
    names = (*keys, "value", "updated_at", "updated_by")
    bind = op.get_bind()
    kept = [dict(row) for row in bind.execute(sa.text(f"SELECT * FROM pins{where}")).mappings()]  # noqa: S608 - ours
    op.drop_table("pins")
    op.create_table(
        "pins",
        *(sa.Column(name, _MOMENT if name == "updated_at" else sa.Text(), nullable=False) for name in names),
        sa.PrimaryKeyConstraint(*keys, name=op.f("pk_pins")),
    )
    rows = [{name: row.get(name, "") for name in names} for row in kept]
    if rows:
        values = ", ".join(f":{name}" for name in names)
        bind.execute(sa.text(f"INSERT INTO pins ({', '.join(names)}) VALUES ({values})"), rows)  # noqa: S608 - ours
