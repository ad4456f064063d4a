"""Corrections: which file a correction stands beside, and which workbook it was written from."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COLUMNS = ("corrects", "derived_from")


def upgrade() -> None:
    """Add the two columns of `source_file`."""
    with op.batch_alter_table("source_file") as table:
        for name in COLUMNS:
            table.add_column(sa.Column(name, sa.String(64), nullable=True))
            table.create_index(f"ix_source_file_{name}", [name])


def downgrade() -> None:
    """Remove them."""
    with op.batch_alter_table("source_file") as table:
        for name in COLUMNS:
            table.drop_index(f"ix_source_file_{name}")
            table.drop_column(name)
